package alert

import (
	"slices"
	"time"
)

const (
	// ExceptionReason begins the reason for which an exception suppresses a finding; the exception's id follows.
	ExceptionReason = "exception:"
	// OutOfScope is the reason of a finding about somebody whom the detection's scope leaves out.
	OutOfScope = "out_of_scope"
	// SubjectAttribute limits an exception to the subject of its alert.
	SubjectAttribute = "subject"
	// LongestException is how long an exception may hold after it was made.
	LongestException = 90 * 24 * time.Hour
)

// Exception suppresses the findings of a detection that have all of its attributes, for a span of event time.
type Exception struct {
	ID, Tenant, Detection string
	// AlertID is the alert that it was made of.
	AlertID string
	// Subject has no ID when it holds for all.
	Subject Subject
	// Attributes by name with the values that the alert had.
	Attributes map[string][]string
	// MaxSeverity is the highest severity that it covers.
	MaxSeverity string
	// From is inclusive, To exclusive, both event time of an anchor.
	From, To time.Time
	// Classification is false_positive or benign_positive.
	Classification, Reason, Author string
	Created                        time.Time
	// Removed says that it was taken back, by whom and when.
	Removed   bool
	RemovedBy string
	RemovedAt time.Time
}

// ExceptionRequest asks for an exception.
type ExceptionRequest struct {
	AlertID string
	// Attributes by name; SubjectAttribute is one of them.
	Attributes []string
	// Expires is the event time until which it holds.
	Expires time.Time
	// MaxSeverity is the alert's when empty.
	MaxSeverity                    string
	Classification, Reason, Author string
}

// Covers says whether the exception suppresses the finding. values returns those of an attribute of the finding, and false
// when not all of them are known: what is not known is not covered.
func (e *Exception) Covers(f *Finding, values func(name string) ([]string, bool)) bool {
	if e.Removed || e.Detection != f.Detection || f.Anchor.Before(e.From) || !f.Anchor.Before(e.To) || SeverityRank(f.Severity) > SeverityRank(e.MaxSeverity) {
		return false
	}
	if e.Subject.ID == "" && len(e.Attributes) == 0 || e.Subject.ID != "" && (e.Subject.ID != f.Subject.ID || e.Subject.Type != f.Subject.Type) {
		return false
	}
	for name, allowed := range e.Attributes {
		have, complete := values(name)
		if !complete || len(have) == 0 || slices.ContainsFunc(have, func(v string) bool { return !slices.Contains(allowed, v) }) {
			return false
		}
	}
	return true
}
