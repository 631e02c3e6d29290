package analytics_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// holdsBounds checks what a policy that looks at alerts takes for granted where an alert names not all its events: each of them lies between
// its first and its last event, is of a class that the detection reads, and names the subject, unless no event does.
func holdsBounds(t *testing.T, d *analytics.Definition, all []alert.Alert, events []event.Event) {
	t.Helper()
	if !slices.Contains(policy.FieldByName(policy.MatchedDetection).Values, d.ID) {
		return
	}
	byID := make(map[string]*event.Event, len(events))
	for i := range events {
		byID[events[i].ID] = &events[i]
	}
	for i := range all {
		a := &all[i]
		if a.Detection != d.ID {
			continue
		}
		if len(a.EventIDs) > 100 {
			t.Errorf("%s: it names %d events; a list of a hundred is taken to be cut", a.Key, len(a.EventIDs))
		}
		for _, id := range a.EventIDs {
			e := byID[id]
			if e == nil {
				t.Errorf("%s: its event %s is none", a.Key, id)
				continue
			}
			if e.Time.Before(a.Start) || e.Time.After(a.End.Add(time.Millisecond)) {
				t.Errorf("%s: its event %s of %s lies outside %s to %s", a.Key, id, e.Time, a.Start, a.End)
			}
			if len(d.Inputs.Activities) > 0 && !slices.Contains(d.Inputs.Activities, e.Activity) {
				t.Errorf("%s: its event %s is of the class %s, which is not among the inputs", a.Key, id, e.Activity)
			}
			theirs := true
			switch a.Subject.Type {
			case "user":
				theirs = slices.Contains([]string{e.UserID, e.AffectedUserID, e.ReferencedUserID}, a.Subject.ID)
			case "address":
				theirs = e.IPAddress == a.Subject.ID || slices.Contains(d.Collective["address"], a.Subject.ID)
			case "integration":
				theirs = e.IntegrationKey == a.Subject.ID
			}
			if !theirs {
				t.Errorf("%s: its event %s does not name the %s %s", a.Key, id, a.Subject.Type, a.Subject.ID)
			}
		}
	}
}
