package translate

import (
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// ReevaluateResult makes the message of how the alerts of a detection would differ.
func ReevaluateResult(r *alert.ReevaluationResult) *pb.ReevaluateResult {
	m := &pb.ReevaluateResult{Detection: r.Detection, StartTime: Timestamp(r.From), EndTime: Timestamp(r.To), PreviewToken: r.Token, Total: differenceCount(&r.Total), Notes: texts(r.Notes)}
	for _, n := range r.Revisions {
		m.Revisions = append(m.Revisions, int32(n)) //nolint:gosec // counted from 1
	}
	for i := range r.Days {
		m.Days = append(m.Days, &pb.ReevaluateDay{Date: r.Days[i].Date, Count: differenceCount(&r.Days[i].DifferenceCount)})
	}
	for i := range r.Examples {
		d := &r.Examples[i]
		e := &pb.ReevaluateExample{Difference: Change(d.Kind), Alert: AlertPrefix + d.AlertID, Title: Text(d.Title), Subject: principal(&d.Subject),
			Severity: Severity(d.Severity), PreviousSeverity: Severity(d.PreviousSeverity), State: alertState(d.State), PreviousState: alertState(d.PreviousState),
			StartTime: Timestamp(d.Start), EndTime: Timestamp(d.End)}
		for _, f := range d.Fields {
			e.Fields = append(e.Fields, &pb.FieldDifference{Field: Text(f.Field), Before: Text(f.Before), After: Text(f.After)})
		}
		m.Examples = append(m.Examples, e)
	}
	return m
}

func differenceCount(c *alert.DifferenceCount) *pb.ReevaluateCount {
	return &pb.ReevaluateCount{Created: Count(c.Created), Changed: Count(c.Changed), Withdrawn: Count(c.Withdrawn), Unchanged: Count(c.Unchanged), Alerts: Count(c.Alerts), AlertsNow: Count(c.AlertsNow)}
}
