package translate

import (
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// IncidentPrefix begins the name of an incident.
const IncidentPrefix = "incidents/"

// Bounds of what the message of an incident lists: one of thousands of alerts still fits into an answer.
const (
	mostIncidentAlerts = 500
	mostIncidentParts  = 100
	mostPartAlerts     = 50
)

// Incident makes the message of an incident.
func Incident(n *alert.Incident) *pb.Incident {
	m := &pb.Incident{Name: IncidentPrefix + n.ID, Title: Text(n.Title), Severity: Severity(n.Severity), State: alertState(n.State), Score: n.Score,
		StartTime: Timestamp(n.Start), EndTime: Timestamp(n.End), EventCount: int64Of(n.EventCount), AlertCount: Count(len(n.Alerts)), PartCount: Count(len(n.Parts))}
	for _, c := range n.Contributions {
		out := &pb.IncidentContribution{Factor: c.Factor, Points: c.Points, Reason: Text(c.Reason)}
		if c.AlertID != "" {
			out.Alert = AlertPrefix + c.AlertID
		}
		m.Contributions = append(m.Contributions, out)
	}
	for i := range n.Alerts[:min(len(n.Alerts), mostIncidentAlerts)] {
		a := &n.Alerts[i]
		m.Alerts = append(m.Alerts, &pb.IncidentAlert{Name: AlertPrefix + a.ID, Detection: Text(a.Detection), Title: Text(a.Title), Severity: Severity(a.Severity), State: alertState(a.State),
			Classification: classification(a.Classification), Subject: principal(&a.Subject), StartTime: Timestamp(a.Start), EndTime: Timestamp(a.End)})
	}
	for i := range n.Parts[:min(len(n.Parts), mostIncidentParts)] {
		p := &n.Parts[i]
		out := &pb.IncidentPart{Subject: principal(&p.Subject), AlertCount: Count(len(p.Alerts))}
		for _, id := range p.Alerts[:min(len(p.Alerts), mostPartAlerts)] {
			out.Alerts = append(out.Alerts, AlertPrefix+id)
		}
		if len(p.Alerts) > 1 && p.Alerts[0] != n.ID {
			out.Merged = IncidentPrefix + p.Alerts[0]
		}
		m.Parts = append(m.Parts, out)
	}
	return m
}

// IncidentFilter is the domain's filter of a request.
func IncidentFilter(f *pb.IncidentFilter) alert.IncidentFilter {
	out := alert.IncidentFilter{MinScore: f.GetMinScore(), MinSeverity: severityName(f.GetMinSeverity()), Start: Time(f.GetStartTime()), End: Time(f.GetEndTime())}
	for _, s := range f.GetStates() {
		out.States = append(out.States, StateName(s))
	}
	for _, s := range f.GetSubjects() {
		if strings.Contains(s, "@") || strings.Contains(s, " ") {
			s = alert.Plain(s)
		}
		out.Subjects = append(out.Subjects, s)
	}
	return out
}
