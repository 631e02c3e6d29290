package alert

import (
	"fmt"
	"testing"
	"time"
)

// TestChangeSaysWhatItChanged: from what it notes of before.
func TestChangeSaysWhatItChanged(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	before := Alert{Finding: Finding{Severity: SeverityLow}, Triage: Triage{Comments: []Comment{{Author: "ann", Text: "old", Time: at}}}}
	after := before
	after.Updated = at.Add(time.Hour)
	after.Severity = SeverityHigh
	after.Triage = Triage{State: StateResolved, Classification: FalsePositive, Assignee: "bob", Comments: append(before.Triage.Comments[:1:1], Comment{Author: "bob", Text: "new", Time: after.Updated.Add(100)})}
	c := Change{Kind: ChangeUpdated, Alert: after}
	if got := c.Fields(); got != nil {
		t.Errorf("without what was before: %v", got)
	}
	c.Follow(&before)
	want := "[{state new resolved} {classification  false_positive} {assignee  bob} {comments  bob: new} {severity low high}]"
	if got := fmt.Sprint(c.Fields()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
