package exporters_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

func permanent() error {
	return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("400 Bad Request")}
}

func each(batch []alert.Change) error {
	e := &exporters.Error{Kind: exporters.Permanent, Accepted: len(batch), Failed: map[int]string{}}
	for i := range batch {
		e.Failed[i] = "wrong index"
	}
	return e
}

// someAndBusy refuses a few for themselves and then has no time for the others.
func someAndBusy(batch []alert.Change) error {
	e := &exporters.Error{Kind: exporters.Retryable, Failed: map[int]string{}, Err: errors.New("503 Service Unavailable")}
	for i := range min(5, len(batch)) {
		e.Failed[i] = "413 Request Entity Too Large"
	}
	return e
}

// TestRefusesEverything: a receiver that takes nothing gets nothing given up for it, and all of it when it takes something again.
func TestRefusesEverything(t *testing.T) {
	for name, refuse := range map[string]func([]alert.Change) error{"whole": func([]alert.Change) error { return permanent() }, "each": each, "some": someAndBusy} {
		for _, count := range []int{1, 2, 300} {
			if name != "whole" && count == 1 {
				continue // there is nothing to compare with
			}
			t.Run(name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					var broken atomic.Bool
					broken.Store(true)
					w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
						if broken.Load() {
							return refuse(batch)
						}
						return nil
					}
					all := exportertest.Changes(1, count)
					for i := range all {
						if i%3 > 0 {
							all[i].Severity = alert.SeverityLow
						}
					}
					w.log.Append(all...)
					r, _ := w.start()
					time.Sleep(time.Millisecond)
					synctest.Wait()
					if n := w.to.calls(); n > 2 {
						w.t.Errorf("%d requests at once", n)
					}
					time.Sleep(10 * time.Hour)
					d := r.Status()
					if d.State != status.DestinationPaused || d.DeadLetters != 0 || d.Pending != uint64(count) || d.LastError == "" {
						w.t.Errorf("status %+v", d)
					}
					if n := w.to.calls(); n > 120*130 {
						w.t.Errorf("%d requests in ten hours", n)
					}
					broken.Store(false)
					time.Sleep(time.Hour)
					w.stop(r)
					slices.Sort(w.to.taken)
					w.wantTaken(upTo(1, uint64(count)))
					if d := r.Status(); d.State != status.DestinationOK || d.DeadLetters != 0 {
						w.t.Errorf("status %+v", d)
					}
				})
			})
		}
	}
}

// TestRefusedAmongOthers: those that are at fault are put aside, wherever they are and however many, and all others arrive.
func TestRefusedAmongOthers(t *testing.T) {
	for name, bad := range map[string]struct {
		of     func(s uint64) bool
		answer func() error
		within time.Duration
	}{
		"the first":            {func(s uint64) bool { return s == 1 }, permanent, time.Minute},
		"the first twenty":     {func(s uint64) bool { return s <= 20 }, permanent, 5 * time.Minute},
		"every other":          {func(s uint64) bool { return s%2 == 0 }, permanent, 5 * time.Minute},
		"the severe":           {func(s uint64) bool { return s > 25 }, permanent, 10 * time.Minute},
		"forbidden, the first": {func(s uint64) bool { return s == 1 }, forbidden, 2 * time.Hour},
		"forbidden, later":     {func(s uint64) bool { return s == 17 }, forbidden, 4 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
					if slices.ContainsFunc(sequences(batch), bad.of) {
						return bad.answer()
					}
					return nil
				}
				all := exportertest.Changes(1, 30)
				for i := range 25 {
					all[i].Severity = alert.SeverityLow
				}
				w.log.Append(all...)
				r, _ := w.start()
				time.Sleep(bad.within)
				synctest.Wait()
				slices.Sort(w.to.taken)
				w.wantTaken(slices.DeleteFunc(upTo(1, 30), bad.of))
				letters := w.store.DeadLetters("siem")
				for s := range uint64(30) {
					if _, ok := letters[s+1]; ok != bad.of(s+1) {
						w.t.Errorf("change %d is a dead letter: %v", s+1, ok)
					}
				}
				w.wantCursor(30)
				w.stop(r)
			})
		})
	}
}

func forbidden() error {
	return &exporters.Error{Kind: exporters.Unauthorized, Err: errors.New("403 Forbidden")}
}

// TestSuspectIsAskedAgain: what was refused while the receiver took nothing is no dead letter when it takes everything again.
func TestSuspectIsAskedAgain(t *testing.T) {
	for name, refuse := range map[string]func() error{"permanent": permanent, "forbidden": forbidden} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				until := 4
				w.to.answer = func(_ context.Context, call int, _ []alert.Change) error {
					if call < until {
						return refuse()
					}
					return nil
				}
				w.log.Append(exportertest.Changes(1, 8)...)
				r, _ := w.start()
				time.Sleep(2 * time.Hour)
				w.stop(r)
				slices.Sort(w.to.taken)
				w.wantTaken(upTo(1, 8))
			})
		})
	}
}

// TestReceiverTurnsBad: a receiver that took alerts and then refuses each that comes, one after the other, gets nothing given up for it.
func TestReceiverTurnsBad(t *testing.T) {
	for name, refuse := range map[string]func([]alert.Change) error{"whole": func([]alert.Change) error { return permanent() }, "each": each} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				var broken atomic.Bool
				w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
					if broken.Load() {
						return refuse(batch)
					}
					return nil
				}
				w.log.Append(exportertest.Changes(1, 5)...)
				r, _ := w.start()
				synctest.Wait()
				broken.Store(true)
				for n := 6; n <= 10; n++ {
					w.log.Append(exportertest.Change(n))
					time.Sleep(11 * time.Minute)
				}
				if d := r.Status(); d.State != status.DestinationPaused || d.DeadLetters != 0 || d.Pending != 5 {
					w.t.Errorf("status %+v", d)
				}
				broken.Store(false)
				time.Sleep(11 * time.Minute)
				w.stop(r)
				w.wantTaken(upTo(1, 10))
			})
		})
	}
}

// TestRefusedWhileNothingElseComes: an alert at fault becomes a dead letter although no other comes with which it could be compared, because
// the receiver still takes what it took before; the destination does not pause, and what comes next arrives at once.
func TestRefusedWhileNothingElseComes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
			if slices.Contains(sequences(batch), 3) {
				return permanent()
			}
			return nil
		}
		first := exportertest.Change(1)
		w.log.Append(first, version(first, func(c *alert.Change) { c.Severity = alert.SeverityCritical }), exportertest.Change(2))
		r, _ := w.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := r.Status(); d.State != status.DestinationOK || d.DeadLetters != 1 || d.Pending != 0 {
			w.t.Errorf("status %+v", d)
		}
		w.log.Append(exportertest.Change(4))
		synctest.Wait()
		w.stop(r)
		w.wantTaken([]uint64{1, 2, 2, 4}) // the newest version that it has, once more
	})
}

// TestLaterOnesAreTried: what comes behind changes that were all refused shows that the receiver takes others, whatever their severity.
func TestLaterOnesAreTried(t *testing.T) {
	const low, high = alert.SeverityLow, alert.SeverityHigh
	for _, first := range []string{low, high} {
		for _, later := range []string{low, high} {
			for _, refused := range []int{1, 2, 5} {
				t.Run(fmt.Sprint(first, later, refused), func(t *testing.T) {
					inWorld(t, func(w *world) {
						var poisoned []uint64
						for i := range refused {
							poisoned = append(poisoned, uint64(i+1)) //nolint:gosec // few
							c := exportertest.Change(i + 1)
							c.Severity = first
							w.log.Append(c)
						}
						got := w.told(poisoned...)
						r, _ := w.start()
						time.Sleep(time.Minute)
						synctest.Wait()
						c := exportertest.Change(100)
						c.Severity = later
						w.log.Append(c)
						time.Sleep(15 * time.Minute)
						synctest.Wait()
						if want := fmt.Sprint(refused+1, " created"); len(*got) != 1 || (*got)[0] != want {
							t.Errorf("told %q, want %q; %+v", *got, want, r.Status())
						}
						if n := len(w.store.DeadLetters("siem")); n == 0 || n > refused { // those behind the first wait until something is taken again
							t.Errorf("%d dead letters, want 1 to %d", n, refused)
						}
						w.stop(r)
					})
				})
			}
		}
	}
}

// TestRefusedBeforeBusy: those behind many that are refused arrive, although no attempt comes to them.
func TestRefusedBeforeBusy(t *testing.T) {
	inWorld(t, func(w *world) {
		const bad = 30
		w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
			e := &exporters.Error{Kind: exporters.Permanent, Failed: map[int]string{}}
			for i, s := range sequences(batch) {
				if len(e.Failed) == 5 {
					e.Kind = exporters.Retryable
					return e
				}
				if e.Accepted = i + 1; s <= bad {
					e.Failed[i] = "413 Request Entity Too Large"
				}
			}
			if len(e.Failed) == 0 {
				return nil
			}
			return e
		}
		w.log.Append(exportertest.Changes(1, 100)...)
		r, _ := w.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		slices.Sort(w.to.taken)
		w.wantTaken(upTo(bad+1, 100))
		if n := len(w.store.DeadLetters("siem")); n != bad {
			t.Errorf("%d dead letters, want %d", n, bad)
		}
		w.stop(r)
	})
}

// TestRefusalSaysWhy: the status of a destination says what the receiver answered.
func TestRefusalSaysWhy(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error { return each(batch) }
		w.log.Append(exportertest.Changes(1, 28)...)
		r, _ := w.start()
		time.Sleep(time.Hour)
		if got := r.Status().LastError; !contains(got, "none of the 28 changes") || !contains(got, "wrong index") {
			t.Errorf("the status says %q", got)
		}
		w.stop(r)
	})
}
