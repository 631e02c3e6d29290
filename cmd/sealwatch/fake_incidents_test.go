package main

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// fakeIncidents has one, with a nasty title; no user but Ada is in it.
type fakeIncidents struct {
	sealwatchv1.UnimplementedIncidentServiceServer
}

func (fakeIncidents) incident() *sealwatchv1.Incident {
	at := func(hour int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC))
	}
	ada, address := &sealwatchv1.Principal{Type: "user", Id: "u1", Email: "ada@example.com"}, &sealwatchv1.Principal{Type: "address", Id: "192.0.2.1"}
	return &sealwatchv1.Incident{Name: "incidents/00000000000000000000000000000001", Title: "2 alerts about \x1b[31mada", Severity: sealwatchv1.Severity_SEVERITY_HIGH, State: sealwatchv1.AlertState_ALERT_STATE_NEW, Score: 52, StartTime: at(8), EndTime: at(9), EventCount: 12,
		Contributions: []*sealwatchv1.IncidentContribution{{Factor: "severity", Points: 40, Reason: "impossible_travel, high", Alert: "alerts/00000000000000000000000000000001"}, {Factor: "variety", Points: 12, Reason: "2 detections"}},
		Alerts: []*sealwatchv1.IncidentAlert{{Name: "alerts/00000000000000000000000000000001", Detection: "impossible_travel", Title: "Ada was in two places", Severity: sealwatchv1.Severity_SEVERITY_HIGH, State: sealwatchv1.AlertState_ALERT_STATE_NEW, Subject: ada, StartTime: at(8)},
			{Name: "alerts/00000000000000000000000000000002", Detection: "failed_logins", Title: "Many \u202efailed", Severity: sealwatchv1.Severity_SEVERITY_LOW, State: sealwatchv1.AlertState_ALERT_STATE_NEW, Subject: address, StartTime: at(9)}},
		Parts: []*sealwatchv1.IncidentPart{{Subject: ada, Alerts: []string{"alerts/00000000000000000000000000000001"}}, {Subject: address, Alerts: []string{"alerts/00000000000000000000000000000002", "alerts/3"}, Merged: "incidents/00000000000000000000000000000002"}}}
}

func (f fakeIncidents) GetIncident(context.Context, *sealwatchv1.GetIncidentRequest) (*sealwatchv1.Incident, error) {
	return f.incident(), nil
}

func (f fakeIncidents) ListIncidents(_ context.Context, r *sealwatchv1.ListIncidentsRequest) (*sealwatchv1.ListIncidentsResponse, error) {
	if s := r.GetFilter().GetSubjects(); len(s) > 0 && s[0] != "ada@example.com" {
		return &sealwatchv1.ListIncidentsResponse{}, nil
	}
	if r.GetPageToken() == "" {
		return &sealwatchv1.ListIncidentsResponse{Incidents: []*sealwatchv1.Incident{f.incident()}, NextPageToken: "next", TotalSize: 1}, nil
	}
	return &sealwatchv1.ListIncidentsResponse{TotalSize: 1}, nil
}
