package exporters_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestDescriptionsAreSentAtTheEnd: of an alert that is only described again, a receiver gets what followed, once it is whole.
func TestDescriptionsAreSentAtTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		all := exportertest.Changes(1, 5)
		for i := 1; i < 5; i++ {
			all[i].Kind = alert.ChangeDescribed
		}
		all[1].Context.AfterComplete = false
		all[2].Context.After = nil
		all[3].Context = nil
		w.log.Append(all...)
		r, _ := w.start()
		synctest.Wait()
		w.wantTaken([]uint64{1, 5})
		w.wantCursor(5)
		w.stop(r)
	})
}

func TestDeliversInOrderAndBatches(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.BatchChanges = 4
		w.log.Append(exportertest.Changes(1, 10)...)
		r, _ := w.start()
		synctest.Wait()
		w.wantTaken(upTo(1, 10))
		w.wantCursor(10)
		if want := [][]uint64{upTo(1, 4), upTo(5, 8), upTo(9, 10)}; !reflect.DeepEqual(w.to.batches, want) {
			w.t.Errorf("batches %v, want %v", w.to.batches, want)
		}
		w.log.Append(exportertest.Change(11))
		synctest.Wait()
		w.wantTaken(upTo(1, 11))
		d := r.Status()
		if d.Name != "siem" || d.Kind != "test" || d.State != status.DestinationOK || d.Pending != 0 || d.Delivered != 11 || d.LastSuccess.IsZero() {
			w.t.Errorf("status %+v", d)
		}
		w.stop(r)
		if w.to.closed != 1 {
			w.t.Errorf("the exporter was closed %d times, want once", w.to.closed)
		}
	})
}

func TestBatchBytes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.BatchBytes = 5000
		changes := exportertest.Changes(1, 4)
		changes[2].Evidence = `{"long": "` + string(make([]byte, 20000)) + `"}`
		w.log.Append(changes...)
		r, _ := w.start()
		synctest.Wait()
		if want := [][]uint64{{1, 2}, {3}, {4}}; !reflect.DeepEqual(w.to.batches, want) {
			w.t.Errorf("batches %v, want %v: a change beyond the limit goes alone", w.to.batches, want)
		}
		w.stop(r)
	})
}

func TestBatchAge(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.BatchAge, w.o.BatchChanges = 10*time.Second, 3
		r, _ := w.start()
		w.log.Append(exportertest.Change(1))
		time.Sleep(9 * time.Second)
		w.log.Append(exportertest.Change(2))
		synctest.Wait()
		w.wantTaken(nil)
		time.Sleep(2 * time.Second)
		w.wantTaken(upTo(1, 2))
		w.log.Append(exportertest.Changes(3, 3)...)
		synctest.Wait()
		w.wantTaken(upTo(1, 5)) // full, so at once
		w.log.Append(exportertest.Change(6))
		w.stop(r) // does not wait for company
		w.wantTaken(upTo(1, 6))
	})
}

func TestFilter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.Filter = alert.Filter{MinSeverity: alert.SeverityMedium}
		changes := exportertest.Changes(1, 5)
		changes[0].Severity = alert.SeverityLow
		changes[1].SuppressedBy = []string{"known network"}
		changes[2].Kind, changes[2].Retracted = alert.ChangeRetracted, true
		changes[3].SuppressedBy, changes[3].Retracted = []string{"known network"}, true
		w.log.Append(changes...)
		r, _ := w.start()
		synctest.Wait()
		w.wantTaken([]uint64{5})
		w.wantCursor(5)

		stores := w.store.Stores()
		for range 1000 {
			c := exportertest.Change(6)
			c.Severity = alert.SeverityLow
			w.log.Append(c)
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := w.store.Stores() - stores; n > 1 {
			w.t.Errorf("the cursor was stored %d times within a second for changes that are not sent", n)
		}
		if p := r.Status().Pending; p != 0 {
			w.t.Errorf("%d changes pending, want none: they were passed", p)
		}
		time.Sleep(20 * time.Second)
		w.wantCursor(1005)
		w.stop(r)
	})
}

func TestFilterByState(t *testing.T) {
	suppressed := []string{"known network"}
	for name, c := range map[string]struct {
		states     []string
		previous   string
		state      string
		suppressed []string
		retracted  bool
		want       bool
	}{
		"new":                           {want: true},
		"suppressed from the beginning": {suppressed: suppressed},
		"still suppressed":              {suppressed: suppressed, previous: alert.StateSuppressed},
		"suppressed after it was sent":  {suppressed: suppressed, previous: alert.StateNew, want: true},
		"no longer suppressed":          {previous: alert.StateSuppressed, want: true},
		"retracted":                     {previous: alert.StateNew, retracted: true, want: true},
		"retracted, never shown":        {previous: alert.StateSuppressed, retracted: true},
		"retracted while suppressed":    {suppressed: suppressed, previous: alert.StateSuppressed, retracted: true},
		"selected":                      {states: []string{alert.StateNew}, want: true},
		"not selected":                  {states: []string{alert.StateResolved}},
		"has left the selection":        {states: []string{alert.StateNew}, previous: alert.StateNew, state: alert.StateResolved, want: true},
		"had left it before":            {states: []string{alert.StateNew}, previous: alert.StateResolved, state: alert.StateResolved},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.o.Filter = alert.Filter{States: c.states}
				change := exportertest.Change(1)
				change.PreviousState, change.SuppressedBy, change.Retracted = c.previous, c.suppressed, c.retracted
				change.Triage.State = c.state
				if c.previous != "" { // the receiver was sent it, as far as its state let it
					w.o.RecordedSince = change.Created.Add(time.Hour)
				}
				w.log.Append(change)
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				if got := len(w.to.taken) == 1; got != c.want {
					w.t.Errorf("sent: %v, want %v", got, c.want)
				}
			})
		})
	}
}

// TestFilterBeforeOrAfter: a receiver learns that an alert has left its filter, by any of the filter's fields, and nothing
// of an alert that it never saw.
func TestFilterBeforeOrAfter(t *testing.T) {
	const low, high = alert.SeverityLow, alert.SeverityHigh
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		previous, previousSeverity string
		severity                   string
		suppressed, retracted      bool
		was, now                   time.Duration // the end before the change and after it, from the start of the filter's time
		want                       bool
	}{
		"created above":                    {severity: high, want: true},
		"created below":                    {severity: low},
		"rises":                            {previous: alert.StateNew, previousSeverity: low, severity: high, want: true},
		"sinks":                            {previous: alert.StateNew, previousSeverity: high, severity: low, want: true},
		"sinks and is retracted":           {previous: alert.StateNew, previousSeverity: high, severity: low, retracted: true, want: true},
		"has sunk and is retracted":        {previous: alert.StateNew, previousSeverity: low, severity: low, retracted: true},
		"sinks while suppressed":           {previous: alert.StateSuppressed, previousSeverity: high, severity: low, suppressed: true},
		"rises and is suppressed":          {previous: alert.StateNew, previousSeverity: low, severity: high, suppressed: true},
		"was suppressed above":             {previous: alert.StateSuppressed, previousSeverity: high, severity: low},
		"moves out of the time":            {previous: alert.StateNew, previousSeverity: high, severity: high, now: -day, want: true},
		"is long out of the time":          {previous: alert.StateNew, previousSeverity: high, severity: high, was: -day, now: -2 * day},
		"moves into the time":              {previous: alert.StateNew, previousSeverity: high, severity: high, was: -day, want: true},
		"moves out of the time and sinks":  {previous: alert.StateNew, previousSeverity: high, severity: low, now: -day, want: true},
		"moves into the time, but too low": {previous: alert.StateNew, previousSeverity: low, severity: low, was: -day},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				change := exportertest.Change(1)
				limit := change.End
				w.o.Filter = alert.Filter{MinSeverity: high, Start: limit}
				change.Severity, change.Retracted = c.severity, c.retracted
				if c.suppressed {
					change.SuppressedBy = []string{"known network"}
				}
				change.End = limit.Add(c.now)
				if c.previous != "" {
					change.PreviousState, change.PreviousSeverity = c.previous, c.previousSeverity
					change.PreviousStart, change.PreviousEnd = change.Start, limit.Add(c.was)
					w.o.RecordedSince = change.Created.Add(time.Hour) // the receiver may have it
				}
				w.log.Append(change)
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				if got := len(w.to.taken) == 1; got != c.want {
					w.t.Errorf("sent: %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestStart(t *testing.T) {
	changes := exportertest.Changes(1, 5)
	for name, c := range map[string]struct {
		start exporters.Start
		want  []uint64
	}{
		"head":             {exporters.Start{}, []uint64{6}},
		"first":            {exporters.Start{FromFirst: true}, upTo(1, 6)},
		"sequence":         {exporters.Start{After: 3}, upTo(4, 6)},
		"sequence to come": {exporters.Start{After: 99}, []uint64{6}},
		"date":             {exporters.Start{Since: changes[1].Updated}, upTo(2, 6)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.o.Start = c.start
				w.log.Append(changes...)
				w.to.answer = func(context.Context, int, []alert.Change) error { return errors.New("down") }
				_, kill := w.start()
				synctest.Wait()
				w.log.Append(exportertest.Change(6)) // before the first success: the start must not move
				kill()
				w.to.answer = nil
				r, _ := w.start()
				synctest.Wait()
				w.wantTaken(c.want)
				w.stop(r)
			})
		})
	}
}

func TestCursorBehindTheEndOfARestoredLog(t *testing.T) {
	inWorld(t, func(w *world) {
		if err := w.store.StoreCursor(w.t.Context(), "siem", 100); err != nil {
			w.t.Fatal(err)
		}
		w.log.Append(exportertest.Changes(1, 5)...)
		r, _ := w.start()
		synctest.Wait()
		w.wantCursor(5)
		w.log.Append(exportertest.Change(6))
		synctest.Wait()
		w.wantTaken([]uint64{6})
		w.stop(r)
	})
}

func TestChangesThatLeftTheLogAreSkipped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.log.Append(exportertest.Changes(1, 5)...)
		w.log.Expire(3)
		r, _ := w.start()
		synctest.Wait()
		w.wantTaken(upTo(4, 5))
		w.stop(r)
	})
}

func TestOptions(t *testing.T) {
	_, err := exporters.NewRunner(exporters.Options{Name: "siem", BatchChanges: -1})
	if err == nil {
		t.Fatal("no error for options without an exporter")
	}
	for _, want := range []string{"Options.Exporter", "Options.Log", "Options.Cursors", "Options.DeadLetters", "negative"} {
		if !contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}

func TestRunsOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		r, kill := w.start()
		synctest.Wait()
		if err := r.Run(w.t.Context()); err == nil {
			w.t.Error("a second Run was accepted")
		}
		kill()
	})
}
