package translate

import (
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// BacktestRequest is the domain's form of a request.
func BacktestRequest(q *pb.BacktestRequest) alert.BacktestRequest {
	out := alert.BacktestRequest{Detections: q.GetDetections(), From: Time(q.GetStartTime()), To: Time(q.GetEndTime()), Examples: int(q.GetExamples())}
	for _, s := range q.GetSettings() {
		out.Settings = append(out.Settings, alert.Setting{Detection: s.GetDetection(), Parameter: s.GetParameter(), Value: s.GetValue()})
	}
	return out
}

// BacktestProgress makes the message of how far a backtest has come.
func BacktestProgress(p *alert.BacktestProgress) *pb.BacktestProgress {
	return &pb.BacktestProgress{Detection: p.Detection, Fraction: p.Fraction, ReachedTime: Timestamp(p.Reached), Alerts: Count(p.Alerts)}
}

// BacktestResult makes the message of what a detection would have found.
func BacktestResult(r *alert.BacktestResult) *pb.BacktestResult {
	m := &pb.BacktestResult{
		Detection: r.Detection, StartTime: Timestamp(r.From), EndTime: Timestamp(r.To),
		Alerts: compared(r.Alerts), Suppressed: compared(r.Suppressed), Subjects: compared(r.Subjects),
		Added: Count(r.Added), Removed: Count(r.Removed),
		AddedExamples: examples(r.AddedExamples), RemovedExamples: examples(r.RemovedExamples),
	}
	for _, s := range r.Settings {
		m.Settings = append(m.Settings, &pb.BacktestSetting{Detection: s.Detection, Parameter: s.Parameter, Value: Text(s.Value), PresentValue: Text(s.Present)})
	}
	for _, n := range r.Notes {
		m.Notes = append(m.Notes, Text(n))
	}
	for _, c := range r.Severities {
		m.Severities = append(m.Severities, &pb.BacktestSeverity{Severity: Severity(c.Severity), Alerts: compared(c.Alerts)})
	}
	for _, c := range r.Days {
		m.Days = append(m.Days, &pb.BacktestDay{Date: c.Date, Alerts: compared(c.Alerts), Suppressed: compared(c.Suppressed)})
	}
	for i := range r.TopSubjects {
		c := &r.TopSubjects[i]
		m.TopSubjects = append(m.TopSubjects, &pb.BacktestSubject{Subject: principal(&c.Subject), Alerts: compared(c.Alerts), Suppressed: compared(c.Suppressed)})
	}
	for _, c := range r.Suppressions {
		m.Suppressions = append(m.Suppressions, &pb.BacktestSuppression{Reason: Text(c.Reason), Description: Text(c.Description), Findings: compared(c.Findings)})
	}
	return m
}

func compared(c alert.Compared) *pb.BacktestCount {
	return &pb.BacktestCount{Proposed: Count(c.Proposed), Present: Count(c.Present)}
}

func examples(findings []alert.Finding) []*pb.BacktestExample {
	var all []*pb.BacktestExample
	for i := range findings {
		f := &findings[i]
		all = append(all, &pb.BacktestExample{Title: Text(f.Title), Subject: principal(&f.Subject), Severity: Severity(f.Severity),
			StartTime: Timestamp(f.Start), EndTime: Timestamp(f.End)})
	}
	return all
}

func principal(s *alert.Subject) *pb.Principal {
	return &pb.Principal{Type: Text(s.Type), Id: Text(s.ID), Email: Text(s.Email), DisplayName: Text(s.DisplayName)}
}
