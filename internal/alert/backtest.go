package alert

import "time"

// Setting is a value of a parameter of a detection.
type Setting struct {
	// Detection by id; empty for each of the request's detections that has the parameter.
	Detection        string
	Parameter, Value string
	// Present is the value in force; only in answers.
	Present string
}

// BacktestRequest says what to evaluate over which time.
type BacktestRequest struct {
	// Detections by id; all enabled ones when empty.
	Detections []string
	// From is inclusive, To exclusive; the zero times are the first and the last event.
	From, To time.Time
	Settings []Setting
	// Examples is how many added and removed alerts are named; 0 means ten.
	Examples int
}

// BacktestProgress says how far a backtest has come.
type BacktestProgress struct {
	Detection string
	// Fraction of the whole that is done, from 0 to 1.
	Fraction float64
	// Reached is the event time up to which the detection was evaluated.
	Reached time.Time
	// Alerts of the detection so far, with the request's settings.
	Alerts int
}

// Compared is a number with the request's settings beside the one with those in force.
type Compared struct{ Proposed, Present int }

// BacktestResult is what one detection would have found. A finding counts once, on the day of its anchor in UTC.
type BacktestResult struct {
	Detection string
	// From is inclusive, To exclusive.
	From, To time.Time
	// Settings that differ from those in force.
	Settings []Setting
	// Notes are sentences without which the numbers are misread: that the detection is off, or lacked what it needs.
	Notes                        []string
	Alerts, Suppressed, Subjects Compared
	// Added alerts are there with the request's settings alone, removed ones with those in force alone.
	Added, Removed int
	Severities     []SeverityCount
	Days           []DayCount
	// TopSubjects are those with the most alerts.
	TopSubjects  []SubjectCount
	Suppressions []SuppressionCount
	// AddedExamples and RemovedExamples are the first of each.
	AddedExamples, RemovedExamples []Finding
}

// SeverityCount counts the alerts of a severity.
type SeverityCount struct {
	Severity string
	Alerts   Compared
}

// DayCount counts the findings of a day.
type DayCount struct {
	// Date is YYYY-MM-DD in UTC.
	Date               string
	Alerts, Suppressed Compared
}

// SubjectCount counts the findings about a subject.
type SubjectCount struct {
	Subject            Subject
	Alerts, Suppressed Compared
}

// SuppressionCount counts what a reason suppressed.
type SuppressionCount struct {
	Reason, Description string
	Findings            Compared
}
