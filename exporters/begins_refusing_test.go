package exporters_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestBeginsToRefuseWithinAnExport: a receiver that takes the first of a batch and then refuses one by one whatever comes gets nothing
// given up for it.
func TestBeginsToRefuseWithinAnExport(t *testing.T) {
	inWorld(t, func(w *world) {
		var broken atomic.Bool
		broken.Store(true)
		w.to.answer = func(_ context.Context, call int, batch []alert.Change) error {
			if !broken.Load() {
				return nil
			}
			e := &exporters.Error{Kind: exporters.Permanent, Failed: map[int]string{}}
			if call == 0 {
				e.Accepted = 20
			}
			for i := e.Accepted; i < min(e.Accepted+exporters.MostRefused, len(batch)); i++ {
				e.Failed[i] = "wrong index"
			}
			e.Accepted += len(e.Failed)
			return e
		}
		w.log.Append(exportertest.Changes(1, 100)...)
		r, _ := w.start()
		time.Sleep(5 * time.Hour)
		if d := r.Status(); d.DeadLetters != 0 || d.State != status.DestinationPaused || d.Delivered != 20 {
			t.Errorf("status %+v", d)
		}
		broken.Store(false)
		time.Sleep(10 * time.Minute)
		slices.Sort(w.to.taken)
		w.wantTaken(upTo(1, 100))
		w.stop(r)
	})
}

// TestBeginsToRefuseAGrowingAlert: what was taken last cannot be repeated because a newer version of it is what is refused; that is no
// reason to give it up.
func TestBeginsToRefuseAGrowingAlert(t *testing.T) {
	inWorld(t, func(w *world) {
		var broken atomic.Bool
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if broken.Load() {
				return permanent()
			}
			return nil
		}
		first := exportertest.Change(1)
		w.log.Append(first)
		r, _ := w.start()
		time.Sleep(time.Second)
		broken.Store(true)
		w.log.Append(version(first, func(c *alert.Change) { c.Actor = "ann" }))
		time.Sleep(time.Hour)
		if d := r.Status(); d.DeadLetters != 0 || d.State != status.DestinationPaused {
			t.Errorf("status %+v", d)
		}
		broken.Store(false)
		time.Sleep(10 * time.Minute)
		w.wantTaken([]uint64{1, 2})
		w.stop(r)
	})
}

// TestFirstPauseIsShort: one alert that is refused and nothing to compare it with may be at fault itself, and the next one tells.
func TestFirstPauseIsShort(t *testing.T) {
	inWorld(t, func(w *world) {
		var mu sync.Mutex
		var calls []time.Time
		made := func() []time.Time {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(calls)
		}
		w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
			mu.Lock()
			calls = append(calls, time.Now())
			mu.Unlock()
			if batch[0].Sequence == 1 {
				return permanent()
			}
			return nil
		}
		w.log.Append(exportertest.Change(1))
		r, _ := w.start()
		time.Sleep(8 * time.Second)
		if d, n := r.Status(), len(made()); d.State != status.DestinationPaused || n < 2 || !contains(d.LastError, "400 Bad Request") {
			t.Fatalf("%d attempts in the first seconds; %+v", n, d)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		all := made()
		if last := all[len(all)-1].Sub(all[len(all)-2]); last < 5*time.Minute || len(all) > 25 {
			t.Errorf("%d attempts in an hour, the last after %s", len(all), last)
		}
		w.log.Append(exportertest.Change(2))
		time.Sleep(6 * time.Minute)
		w.wantTaken([]uint64{2})
		if d := r.Status(); d.State != status.DestinationOK || d.DeadLetters != 1 {
			t.Errorf("when another was taken: %+v", d)
		}
		w.stop(r)
	})
}

// TestBeginsToRefuseEvents: what was taken last is sent once more, so that one bad event is told from a receiver that takes none.
func TestBeginsToRefuseEvents(t *testing.T) {
	inWorld(t, func(w *world) {
		var broken atomic.Bool
		one, two, bad := exportertest.Event(1).ID, exportertest.Event(2).ID, exportertest.Event(3).ID
		to, log := &forwarding{}, exportertest.NewEventLog()
		to.reply = func(_ context.Context, _ int, events []event.Event) error {
			if broken.Load() || slices.ContainsFunc(events, func(e event.Event) bool { return e.ID == bad }) {
				return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("400 Bad Request")}
			}
			return nil
		}
		r, _ := forwardedTo(t, w, to, log, exporters.EventSelection{})
		log.Append(exportertest.Event(1))
		time.Sleep(time.Minute)
		broken.Store(true)
		log.Append(exportertest.Event(2))
		time.Sleep(time.Hour)
		if d := r.Status(); d.DeadLetters != 0 || d.State != status.DestinationPaused {
			t.Errorf("while nothing is taken: %+v", d)
		}
		broken.Store(false)
		time.Sleep(10 * time.Minute)
		log.Append(exportertest.Event(3))
		time.Sleep(time.Minute)
		if d := r.Status(); d.DeadLetters != 1 || d.State != status.DestinationOK {
			t.Errorf("after a bad event: %+v", d)
		}
		if got := to.got(); !slices.Equal(got, []string{one, two, two}) { // the last once more, to compare the bad one with
			t.Errorf("the receiver took %v, expected %s, and %s twice", got, one, two)
		}
		w.stop(r)
	})
}
