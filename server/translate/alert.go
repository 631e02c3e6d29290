package translate

import (
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Alert makes the message of an alert.
func Alert(a *alert.Alert, g alert.Guide) *pb.Alert {
	m := &pb.Alert{
		Name:           AlertPrefix + a.ID,
		Tenant:         a.Tenant,
		Detection:      Text(a.Detection),
		Title:          Text(a.ToldTitle()),
		Severity:       Severity(a.Severity),
		State:          alertState(a.State()),
		Subject:        principal(&a.Subject),
		StartTime:      Timestamp(a.Start),
		EndTime:        Timestamp(a.End),
		CreateTime:     Timestamp(a.Created),
		UpdateTime:     Timestamp(a.Updated),
		EventIds:       texts(a.EventIDs),
		EventCount:     int64Of(a.EventCount),
		Score:          a.Score,
		Evidence:       Object(a.Evidence),
		SuppressedBy:   texts(a.SuppressedBy),
		FindingKey:     Text(a.Key),
		Sequence:       int64Of(a.Sequence),
		Assignee:       Text(a.Triage.Assignee),
		Classification: classification(a.Triage.Classification),
		Rerun:          Text(g.Rerun),
		AllEvents:      Text(g.AllEvents),
		Response:       texts(g.Response),
		Context:        alertContext(a.Context),
		Reason:         alertReason(a.Triage.Reason),
		Etag:           a.Etag(),
	}
	if r := a.Triage.Resolution; r != nil {
		m.Resolution = &pb.AlertResolution{Resolver: Text(r.By), ResolveTime: Timestamp(r.At), Severity: Severity(r.Severity), EndTime: Timestamp(r.End), EventCount: int64Of(r.EventCount)}
	}
	if a.SupersededBy != "" {
		m.SupersededBy = AlertPrefix + a.SupersededBy
	}
	for _, c := range a.Triage.Comments {
		m.Comments = append(m.Comments,
			&pb.AlertComment{Author: Text(c.Author), Text: Text(c.Text), CreateTime: Timestamp(c.Time)})
	}
	return m
}

// Change is the kind of a change.
func Change(kind string) pb.AlertChange {
	return pb.AlertChange(pb.AlertChange_value["ALERT_CHANGE_"+strings.ToUpper(kind)])
}

// Severity by the domain's name; unspecified when there is none of that name.
func Severity(s string) pb.Severity {
	return pb.Severity(pb.Severity_value["SEVERITY_"+strings.ToUpper(s)])
}

func severityName(s pb.Severity) string {
	if s == pb.Severity_SEVERITY_UNSPECIFIED {
		return ""
	}
	return enumName(s.String(), "SEVERITY_")
}

func alertState(s string) pb.AlertState {
	return pb.AlertState(pb.AlertState_value["ALERT_STATE_"+strings.ToUpper(s)])
}

func classification(s string) pb.AlertClassification {
	return pb.AlertClassification(pb.AlertClassification_value["ALERT_CLASSIFICATION_"+strings.ToUpper(s)])
}

func alertReason(s string) pb.AlertReason {
	return pb.AlertReason(pb.AlertReason_value["ALERT_REASON_"+strings.ToUpper(s)])
}

// enumName is the domain's name of an enum value: the names are the same but for case and prefix, which a test holds
// the two sides to.
func enumName(value, prefix string) string { return strings.ToLower(strings.TrimPrefix(value, prefix)) }
