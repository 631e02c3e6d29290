package alert

import (
	"fmt"
	"slices"
	"strings"
)

// MaxComments is the most comments that an alert can have: each of its versions carries them.
const MaxComments = 500

// Work is what a person wants to set of an alert; nil leaves a field as it is.
type Work struct {
	// State is StateNew, StateInProgress or StateResolved.
	State *string
	// Classification, Reason and Assignee are taken back by "".
	Classification, Reason, Assignee *string
	// Comment is added when it is not empty.
	Comment string
	// Etag is the version that was judged; empty is any.
	Etag string
}

// Judges says whether it says what the alert is, which nobody does of an alert about themselves.
func (w *Work) Judges() bool {
	return w.Classification != nil || w.Reason != nil || w.State != nil && *w.State == StateResolved
}

// Apply does the work on an alert; the etag is for the caller to compare. An error is about the request, in words.
func (w *Work) Apply(a *Alert, author string) error {
	t := &a.Triage
	if w.State != nil && *w.State != a.State() {
		if s := a.State(); !slices.Contains(OpenStates, s) {
			return fmt.Errorf("state: alert %s is %s, there is no work to be done on it; expected no state, or an alert that is %s", a.ID, s, strings.Join(OpenStates, ", "))
		}
		t.State = *w.State
	}
	if w.Classification != nil {
		t.Classification = *w.Classification
		if w.Reason == nil && !slices.Contains(Reasons(t.Classification), t.Reason) {
			t.Reason = ""
		}
	}
	if w.Reason != nil {
		t.Reason = *w.Reason
	}
	switch {
	case t.Reason != "" && t.Classification == "":
		return fmt.Errorf("reason: found %s without a classification", t.Reason)
	case t.Reason != "" && !slices.Contains(Reasons(t.Classification), t.Reason):
		return fmt.Errorf("reason: %s does not go with %s; expected one of %s", t.Reason, t.Classification, strings.Join(Reasons(t.Classification), ", "))
	}
	if w.Assignee != nil {
		t.Assignee = *w.Assignee
	}
	if w.Comment != "" {
		if len(t.Comments) >= MaxComments {
			return fmt.Errorf("comment: alert %s has %d comments, which is the most", a.ID, len(t.Comments))
		}
		t.Comments = append(slices.Clip(t.Comments), Comment{Author: author, Text: w.Comment})
	}
	return nil
}

// BulkWork is work on all alerts that a filter selects.
type BulkWork struct {
	Filter Filter
	Work   Work
	Author string
	// Expected is how many the filter selects; nil when the author did not say.
	Expected *int
	// DryRun counts only.
	DryRun bool
}

// Bounds of BulkWork: beyond the first Expected has to be given, beyond the second it is refused.
const (
	UncountedWork = 100
	MostWork      = 10_000
)
