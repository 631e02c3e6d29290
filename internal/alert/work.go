package alert

import (
	"fmt"
	"slices"
	"strings"
)

// MaxComments is the most comments that an alert can have: each of its versions carries them.
const MaxComments = 500

// MaxCommentBytes is how long all comments of an alert can be together.
const MaxCommentBytes = 256 << 10

// Why Work cannot be done to an alert.
const (
	// RefusedOwn: the author judges an alert about themselves.
	RefusedOwn = "own"
	// RefusedChanged: it is no longer what was selected.
	RefusedChanged = "changed"
	// RefusedState: there is no work to be done on it.
	RefusedState = "state"
	// RefusedClassification: its reason and its classification would not go together.
	RefusedClassification = "classification"
	// RefusedComments: it can have no more of them.
	RefusedComments = "comments"
)

// Refusal is why work cannot be done to an alert: one of the words above, and a sentence that begins with the field.
type Refusal struct{ Why, Text string }

func (r *Refusal) Error() string { return r.Text }

func refused(why, format string, args ...any) error {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

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

// Check says what no alert could be set to.
func (w *Work) Check() error {
	if w.Classification == nil || w.Reason == nil {
		return nil
	}
	return together(*w.Classification, *w.Reason)
}

func together(classification, reason string) error {
	switch {
	case reason != "" && classification == "":
		return refused(RefusedClassification, "reason: found %s without a classification", reason)
	case reason != "" && !slices.Contains(Reasons(classification), reason):
		return refused(RefusedClassification, "reason: %s does not go with %s; expected one of %s", reason, classification, strings.Join(Reasons(classification), ", "))
	}
	return nil
}

// Apply does the work on an alert; the etag is for the caller to compare. An error is a Refusal.
func (w *Work) Apply(a *Alert, author string) error {
	t := &a.Triage
	if w.State != nil && *w.State != a.State() {
		if s := a.State(); !slices.Contains(OpenStates, s) {
			return refused(RefusedState, "state: alert %s is %s, there is no work to be done on it; expected no state, or an alert that is %s", a.ID, s, strings.Join(OpenStates, ", "))
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
	if err := together(t.Classification, t.Reason); err != nil {
		return err
	}
	if w.Assignee != nil {
		t.Assignee = *w.Assignee
	}
	if w.Comment != "" {
		if len(t.Comments) >= MaxComments {
			return refused(RefusedComments, "comment: alert %s has %d comments, which is the most", a.ID, len(t.Comments))
		}
		if n := CommentBytes(t.Comments); n+len(w.Comment)+len(author) > MaxCommentBytes {
			return refused(RefusedComments, "comment: the comments of alert %s have %d bytes, with this one they would be more than %d, which is the most; expected a shorter one, or a link to where more is written", a.ID, n, MaxCommentBytes)
		}
		t.Comments = append(slices.Clip(t.Comments), Comment{Author: author, Text: w.Comment})
	}
	return nil
}

// CommentBytes is how long comments are together.
func CommentBytes(all []Comment) (n int) {
	for i := range all {
		n += len(all[i].Author) + len(all[i].Text)
	}
	return n
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

// BulkResult says what was done.
type BulkResult struct {
	// Matched is how many the filter selects, Updated how many were changed.
	Matched, Updated int
	// Skipped are those to which it could not be done, by reason, in the order of the reasons.
	Skipped []Skipped
}

// Skipped are alerts to which work was not done for one reason.
type Skipped struct {
	Why     string
	Count   int
	Example string
}

// Skip counts an alert.
func (r *BulkResult) Skip(why, id string) {
	i, found := slices.BinarySearchFunc(r.Skipped, why, func(s Skipped, why string) int { return strings.Compare(s.Why, why) })
	if !found {
		r.Skipped = slices.Insert(r.Skipped, i, Skipped{Why: why, Example: id})
	}
	r.Skipped[i].Count++
}

// Bounds of BulkWork: beyond the first Expected has to be given, beyond the second it is refused.
const (
	UncountedWork = 100
	MostWork      = 10_000
)
