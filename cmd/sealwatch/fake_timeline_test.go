package main

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// fakeTimeline knows Ada, whose user agent and envelope are nasty, in two pages.
type fakeTimeline struct {
	sealwatchv1.UnimplementedTimelineServiceServer
}

func (fakeTimeline) GetUserTimeline(_ context.Context, r *sealwatchv1.GetUserTimelineRequest) (*sealwatchv1.GetUserTimelineResponse, error) {
	if r.GetName() != "users/ada@example.com" {
		return nil, status.Errorf(codes.NotFound, "nobody acted as %q", r.GetName())
	}
	around, hours := r.GetAroundTime().AsTime(), time.Duration(r.GetHours())*time.Hour
	a := fakeAlert(1)
	at := timestamppb.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	logon := &sealwatchv1.Event{Name: "events/a%2Fb", Activity: "logon", Object: "Account", Action: "Login", User: &sealwatchv1.Principal{Id: "u1"}, Network: &sealwatchv1.Network{IpAddress: "203.0.113.1"}, Place: &sealwatchv1.Place{City: "london", Country: "GB"}, Device: &sealwatchv1.Device{Browser: "Chrome\x1b[31m 126", Os: "Windows 10"}}
	change := &sealwatchv1.Event{Name: "events/c", Activity: "administrative", Object: "User", Action: "Updated", User: &sealwatchv1.Principal{Id: "u9", Email: "root@example.com"}, EnvelopeId: "e\u202e1"}
	if r.GetPageToken() != "" {
		return &sealwatchv1.GetUserTimelineResponse{Entries: []*sealwatchv1.TimelineEntry{{Time: at, Entry: &sealwatchv1.TimelineEntry_Event{Event: change}, Concerned: true, Relation: sealwatchv1.TimelineRelation_TIMELINE_RELATION_RECIPIENT}}}, nil
	}
	return &sealwatchv1.GetUserTimelineResponse{UserIds: []string{"u1"}, Emails: []string{"ada@example.com"}, DisplayName: "Ada", StartTime: timestamppb.New(around.Add(-hours)), EndTime: timestamppb.New(around.Add(hours)), NextPageToken: "next",
		Directory: &sealwatchv1.DirectoryState{Source: "entra", Status: "active", Groups: []string{"Finance"}},
		Entries:   []*sealwatchv1.TimelineEntry{{Time: at, Entry: &sealwatchv1.TimelineEntry_Event{Event: logon}}, {Time: a.GetStartTime(), Entry: &sealwatchv1.TimelineEntry_Alert{Alert: a}}},
		Places:    []*sealwatchv1.TimelineTrait{{Value: "london, GB", Label: "United Kingdom", EventCount: 1, FirstTime: at, LastTime: at, New: true}},
		Networks:  []*sealwatchv1.TimelineTrait{{Value: "3320", Label: "Telekom", EventCount: 2, FirstTime: at, LastTime: at}}}, nil
}
