package alert

import "time"

// ReevaluationRequest says which span of the past to judge by the detections as they are now.
type ReevaluationRequest struct {
	// Detections by id; all enabled ones when empty.
	Detections []string
	// From is inclusive, To exclusive, both event time of anchors; the zero times are the first event and now.
	From, To time.Time
	// Examples is how many differences of each kind are named; 0 means ten.
	Examples int
}

// Difference is one change that a re-evaluation would make, or has made.
type Difference struct {
	// Kind is ChangeCreated, ChangeUpdated or ChangeRetracted.
	Kind, AlertID, Title string
	Subject              Subject
	// Anchor is where the finding counts.
	Anchor, Start, End         time.Time
	Severity, PreviousSeverity string
	// State and PreviousState are what State returns; the latter is empty for what is created.
	State, PreviousState string
	// Fields say what is another in an updated finding.
	Fields []FieldDifference
}

// FieldDifference is a part of a finding that is another, both shortened for people.
type FieldDifference struct {
	// Field is named as in the API; an entry of the evidence is evidence.<name>.
	Field, Before, After string
}

// DifferenceCount counts findings by how they differ. Alerts and AlertsNow leave suppressed ones out.
type DifferenceCount struct {
	Created, Changed, Withdrawn, Unchanged, Alerts, AlertsNow int
}

// DayDifference counts the differences of a day.
type DayDifference struct {
	// Date is YYYY-MM-DD in UTC, of the anchor.
	Date string
	DifferenceCount
}

// ReevaluationResult is how the alerts of one detection would differ.
type ReevaluationResult struct {
	Detection string
	From, To  time.Time
	// Revisions that judge the span today.
	Revisions []uint32
	// Token stands for the detection as it is now and the span.
	Token string
	// Notes are sentences without which the numbers are misread.
	Notes []string
	Total DifferenceCount
	// Days on which something differs, in order.
	Days []DayDifference
	// Examples are the first ten of each kind.
	Examples []Difference
}

// ReevaluationOrder puts results into force: what was shown, and nothing else.
type ReevaluationOrder struct {
	// Tokens of the results by detection.
	Tokens map[string]string
	From   time.Time
	To     time.Time
	// Author orders it.
	Author string
}
