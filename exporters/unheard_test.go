package exporters_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// told are the changes that the receiver takes, as "sequence kind"; poisoned are refused.
func (w *world) told(poisoned ...uint64) *[]string {
	var all []string
	w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
		e := &exporters.Error{Kind: exporters.Permanent, Accepted: len(batch), Failed: map[int]string{}}
		for i, c := range batch {
			if slices.Contains(poisoned, c.Sequence) {
				e.Failed[i] = "refused"
				continue
			}
			if one := fmt.Sprint(c.Sequence, " ", c.Kind); !slices.Contains(all, one) { // what was taken last is sent again to see whether the receiver takes anything
				all = append(all, one)
			}
		}
		if len(e.Failed) > 0 {
			return e
		}
		return nil
	}
	return &all
}

// TestFirstHeardIsCreated: the first version of an alert that a receiver takes is created for it, whatever the log says, and how an alert
// ends that it never had is not sent.
func TestFirstHeardIsCreated(t *testing.T) {
	low := func(c *alert.Change) { c.Severity = alert.SeverityLow }
	grows := func(c *alert.Change) { c.EventCount *= 2; c.End = c.End.Add(time.Minute) }
	suppressed := func(c *alert.Change) { c.SuppressedBy = []string{"exception"} }
	resolved := func(c *alert.Change) { c.Actor, c.Triage.State = "ann", alert.StateResolved }
	for name, c := range map[string]struct {
		edits    []func(*alert.Change) // of an alert of high severity, one version each
		minimum  string
		start    uint64 // the destination begins behind this
		poisoned []uint64
		want     []string
	}{
		"the first is refused":                  {edits: []func(*alert.Change){grows}, poisoned: []uint64{1}, want: []string{"2 created"}},
		"the first two are refused":             {edits: []func(*alert.Change){grows, grows, grows}, poisoned: []uint64{1, 2}, want: []string{"3 created", "4 updated"}},
		"a later one is refused":                {edits: []func(*alert.Change){grows, grows}, poisoned: []uint64{2}, want: []string{"1 created", "3 updated"}},
		"begins behind the first":               {edits: []func(*alert.Change){grows, grows}, start: 1, want: []string{"2 created", "3 updated"}},
		"rises":                                 {edits: []func(*alert.Change){low, func(c *alert.Change) { c.Severity = alert.SeverityHigh }}, start: 1, minimum: alert.SeverityHigh, want: []string{"3 created"}},
		"is resolved":                           {edits: []func(*alert.Change){resolved}, poisoned: []uint64{1}, want: []string{"2 created"}},
		"retracted":                             {edits: []func(*alert.Change){retract}, want: []string{"1 created", "2 retracted"}},
		"retracted, the first is refused":       {edits: []func(*alert.Change){retract}, poisoned: []uint64{1}},
		"retracted, begins behind":              {edits: []func(*alert.Change){retract}, start: 1},
		"suppressed":                            {edits: []func(*alert.Change){suppressed}, want: []string{"1 created", "2 updated"}},
		"suppressed, the first is refused":      {edits: []func(*alert.Change){suppressed}, poisoned: []uint64{1}},
		"suppressed, begins behind":             {edits: []func(*alert.Change){suppressed, func(c *alert.Change) { c.SuppressedBy = nil }}, start: 1, want: []string{"3 created"}},
		"sinks, the first is refused":           {edits: []func(*alert.Change){low}, poisoned: []uint64{1}, minimum: alert.SeverityHigh},
		"sinks and is retracted":                {edits: []func(*alert.Change){low, retract}, minimum: alert.SeverityHigh, want: []string{"1 created", "2 updated"}},
		"grows, retracted, the first two not":   {edits: []func(*alert.Change){grows, retract}, poisoned: []uint64{1, 2}},
		"grows, retracted, the second is taken": {edits: []func(*alert.Change){grows, retract}, poisoned: []uint64{1}, want: []string{"2 created", "3 retracted"}},
	} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, apart %v", name, apart), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.o.Filter.MinSeverity = c.minimum
					if c.start > 0 {
						w.o.Start = exporters.Start{After: c.start}
					}
					got := w.told(c.poisoned...)
					last := exportertest.Change(1)
					w.log.Append(last)
					if !apart { // everything is there at the start
						for _, edit := range c.edits {
							last = version(last, edit)
							w.log.Append(last)
						}
					}
					others := func() {
						o := exportertest.Change(1000 + int(w.log.Head())) // so that the receiver takes something, and what it refuses is at fault
						o.Severity = alert.SeverityCritical
						w.log.Append(o)
						synctest.Wait()
						time.Sleep(10 * time.Minute)
						synctest.Wait()
					}
					r, _ := w.start()
					if apart {
						synctest.Wait()
						for _, edit := range c.edits {
							last = version(last, edit)
							w.log.Append(last)
							time.Sleep(10 * time.Minute)
							synctest.Wait()
						}
					}
					others()
					w.stop(r)
					mine := slices.DeleteFunc(slices.Clone(*got), func(s string) bool { return s == fmt.Sprint(w.log.Head(), " created") })
					if !slices.Equal(mine, c.want) {
						w.t.Errorf("told %q, want %q", mine, c.want)
					}
					for s := range w.store.DeadLetters("siem") { // fewer where a newer version was taken meanwhile
						if !slices.Contains(c.poisoned, s) {
							w.t.Errorf("%d is a dead letter", s)
						}
					}
					w.wantCursor(w.log.Head())
				})
			})
		}
	}
}

// TestNoLongerRecorded: what is not known any more of an alert of long ago has nothing of it sent again; what people do with it, and that
// it was retracted, is sent, and it is not created once more.
func TestNoLongerRecorded(t *testing.T) {
	const kept = 1000 * 24 * time.Hour
	for name, c := range map[string]struct {
		age  time.Duration
		edit func(*alert.Change)
		want []string
	}{
		"a name":             {kept + time.Hour, func(c *alert.Change) { c.Kind, c.Context.Directory.Name = alert.ChangeDescribed, "Ann" }, nil},
		"retracted":          {kept + time.Hour, retract, []string{"1 retracted"}},
		"a person":           {kept + time.Hour, func(c *alert.Change) { c.Actor, c.Triage.Assignee = "ann", "ann" }, []string{"1 updated"}},
		"more severe":        {kept + time.Hour, func(c *alert.Change) { c.Severity = alert.SeverityCritical }, []string{"1 updated"}},
		"recorded, a person": {kept - time.Hour, func(c *alert.Change) { c.Actor, c.Triage.Assignee = "ann", "ann" }, []string{"1 created"}},
		"recorded, retract":  {kept - time.Hour, retract, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.o.RecordedFor = kept
				first := exportertest.Change(1)
				first.Created, first.End = time.Now().Add(-c.age), time.Now().Add(-c.age)
				got := w.told()
				w.log.Append(version(first, c.edit))
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				if !slices.Equal(*got, c.want) {
					t.Errorf("told %q, want %q", *got, c.want)
				}
			})
		})
	}
}
