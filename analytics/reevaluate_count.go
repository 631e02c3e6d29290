package analytics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// differences counts what a re-evaluation changes.
type differences struct {
	total    alert.DifferenceCount
	days     map[string]*alert.DayDifference
	examples map[string][]alert.Difference
	// most is how many examples of each kind are kept, findings what they are of, by alert id.
	most     int
	findings map[string]*alert.Finding
}

func newDifferences(most int) *differences {
	return &differences{days: map[string]*alert.DayDifference{}, examples: map[string][]alert.Difference{}, most: cmp.Or(most, usualExamples), findings: map[string]*alert.Finding{}}
}

// add counts the alerts that stand and the changes to them.
func (n *differences) add(standing []alert.Alert, changes []alert.Change) {
	raised := func(state string) int {
		if state == alert.StateSuppressed || state == alert.StateRetracted || state == "" {
			return 0
		}
		return 1
	}
	was := make(map[string]*alert.Finding, len(standing))
	for i := range standing {
		if a := &standing[i]; !a.Retracted {
			was[a.ID] = &a.Finding
			n.total.Unchanged++
			n.total.Alerts += raised(a.State())
			n.total.AlertsNow += raised(a.State())
		}
	}
	for i := range changes {
		c := &changes[i]
		day := entry(n.days, c.Anchor.UTC().Format(time.DateOnly))
		kind := c.Kind
		if c.PreviousState == alert.StateRetracted { // it stands again
			kind = alert.ChangeCreated
		}
		switch kind {
		case alert.ChangeCreated:
			n.total.Created++
			day.Created++
		case alert.ChangeRetracted:
			n.total.Withdrawn++
			n.total.Unchanged--
			day.Withdrawn++
		default:
			n.total.Changed++
			n.total.Unchanged--
			day.Changed++
		}
		n.total.Alerts += raised(c.State()) - raised(c.PreviousState)
		day.Alerts += raised(c.State())
		day.AlertsNow += raised(c.PreviousState)
		if len(n.examples[kind]) < n.most {
			d := alert.Difference{Kind: kind, AlertID: c.ID, Title: c.Title, Subject: c.Subject, Anchor: c.Anchor, Start: c.Start, End: c.End,
				Severity: c.Severity, PreviousSeverity: c.PreviousSeverity, State: c.State(), PreviousState: c.PreviousState}
			if before := was[c.ID]; before != nil && kind == alert.ChangeUpdated {
				d.Fields = differing(before, &c.Finding)
			}
			n.examples[kind] = append(n.examples[kind], d)
			n.findings[c.ID] = &c.Finding
		}
	}
}

// result in a fixed order.
func (n *differences) result() alert.ReevaluationResult {
	r := alert.ReevaluationResult{Total: n.total}
	for _, date := range slices.Sorted(maps.Keys(n.days)) {
		d := n.days[date]
		d.Date = date
		r.Days = append(r.Days, *d)
	}
	for _, kind := range []string{alert.ChangeCreated, alert.ChangeUpdated, alert.ChangeRetracted} {
		slices.SortFunc(n.examples[kind], func(a, b alert.Difference) int {
			return cmp.Or(a.Anchor.Compare(b.Anchor), cmp.Compare(a.AlertID, b.AlertID))
		})
		r.Examples = append(r.Examples, n.examples[kind]...)
	}
	return r
}
