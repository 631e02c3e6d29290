package exporters_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

func contains(s, sub string) bool { return strings.Contains(s, sub) }

func TestRetriesWithoutEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		var down atomic.Bool
		down.Store(true)
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if down.Load() {
				return errors.New("connection refused\x1b[2J")
			}
			return nil
		}
		w.log.Append(exportertest.Changes(1, 3)...)
		r, _ := w.start()
		time.Sleep(30 * 24 * time.Hour)
		d := r.Status()
		if d.State != status.DestinationRetrying || d.Pending != 3 || d.LastError != "connection refused [2J" || !d.NextAttempt.After(time.Now().Add(-time.Second)) {
			w.t.Errorf("status %+v", d)
		}
		if n := w.to.calls(); n < 30*24*60 {
			w.t.Errorf("%d attempts in a month, want at least one a minute", n)
		}
		down.Store(false)
		time.Sleep(2 * time.Minute)
		w.wantTaken(upTo(1, 3))
		if d := r.Status(); d.State != status.DestinationOK || d.LastError != "" || !d.NextAttempt.IsZero() {
			w.t.Errorf("status after recovery %+v", d)
		}
		w.stop(r)
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{10 * time.Minute: 10 * time.Minute, 1000 * time.Hour: time.Hour} {
		inWorld(t, func(w *world) {
			w.to.answer = func(_ context.Context, call int, _ []alert.Change) error {
				if call == 0 {
					return &exporters.Error{Kind: exporters.Retryable, RetryAfter: asked, Err: errors.New("slow down")}
				}
				return nil
			}
			w.log.Append(exportertest.Change(1))
			r, _ := w.start()
			time.Sleep(want - time.Second)
			w.wantTaken(nil)
			time.Sleep(2 * time.Second)
			w.wantTaken([]uint64{1})
			w.stop(r)
		})
	}
}

func TestUnauthorizedPauses(t *testing.T) {
	inWorld(t, func(w *world) {
		var denied atomic.Bool
		denied.Store(true)
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if denied.Load() {
				return &exporters.Error{Kind: exporters.Unauthorized, Err: errors.New("token disabled")}
			}
			return nil
		}
		w.log.Append(exportertest.Changes(1, 2)...)
		r, _ := w.start()
		time.Sleep(time.Hour)
		if d := r.Status(); d.State != status.DestinationPaused || d.Pending != 2 || d.LastError != "token disabled" || d.DeadLetters != 0 {
			w.t.Errorf("status %+v", d)
		}
		if n := w.to.calls(); n > 13 {
			w.t.Errorf("%d attempts in an hour at a receiver that refuses us", n)
		}
		denied.Store(false)
		time.Sleep(10 * time.Minute)
		w.wantTaken(upTo(1, 2))
		w.stop(r)
	})
}

func TestPoisonedChangeIsFoundAndPutAside(t *testing.T) {
	for name, poison := range map[string]func() error{
		"refused": func() error { return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("invalid data")} },
		"panic":   func() error { panic("index out of range") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
					if s := sequences(batch); slices.Contains(s, 17) || slices.Contains(s, 60) {
						return poison()
					}
					return nil
				}
				w.log.Append(exportertest.Changes(1, 100)...)
				r, _ := w.start()
				time.Sleep(20 * time.Second)
				synctest.Wait()
				want := slices.DeleteFunc(upTo(1, 100), func(s uint64) bool { return s == 17 || s == 60 })
				w.wantTaken(want)
				w.wantCursor(100)
				letters := w.store.DeadLetters("siem")
				if len(letters) != 2 || letters[17].Reason == "" || letters[17].AlertID == "" || !contains(letters[60].Payload, `"sequence":60`) {
					w.t.Errorf("dead letters %+v", letters)
				}
				if n := w.to.calls(); n > 60 {
					w.t.Errorf("%d attempts to find two changes of a hundred", n)
				}
				if d := r.Status(); d.DeadLetters != 2 || d.Delivered != 98 || d.State != status.DestinationOK {
					w.t.Errorf("status %+v", d)
				}
				w.stop(r)
			})
		})
	}
}

func TestPartlyAccepted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(_ context.Context, call int, _ []alert.Change) error {
			if call == 0 {
				return &exporters.Error{Kind: exporters.Retryable, Accepted: 3, Failed: map[int]string{1: "too long", 4: "no time", 99: "not there"},
					Err: errors.New("busy")}
			}
			return nil
		}
		w.log.Append(exportertest.Changes(1, 6)...)
		r, _ := w.start()
		time.Sleep(time.Minute)
		w.wantTaken([]uint64{1, 3, 4, 5, 6}) // nothing was taken after 5, so that it is asked again
		if letters := w.store.DeadLetters("siem"); len(letters) != 1 || letters[2].Reason != "too long" {
			w.t.Errorf("dead letters %+v", letters)
		}
		w.stop(r)
	})
}

func TestCursorWaitsForDeadLetters(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
			if batch[0].Sequence == 1 {
				return &exporters.Error{Kind: exporters.Permanent, Failed: map[int]string{0: "invalid"}}
			}
			return nil
		}
		var down atomic.Bool
		down.Store(true)
		w.store.BeforeLetters = func(context.Context) error {
			if down.Load() {
				return errors.New("the database does not answer")
			}
			return nil
		}
		w.log.Append(exportertest.Changes(1, 3)...)
		r, _ := w.start()
		time.Sleep(time.Hour)
		w.wantCursor(0)
		if d := r.Status(); d.State != status.DestinationRetrying || !contains(d.LastError, "storing dead letters") {
			w.t.Errorf("status %+v", d)
		}
		down.Store(false)
		time.Sleep(2 * time.Minute)
		w.wantCursor(3)
		w.wantTaken([]uint64{2, 3})
		w.stop(r)
	})
}

// TestKilledBetweenSendAndStore: what the receiver accepted is sent again when nothing of it was stored, and not when it was.
func TestKilledBetweenSendAndStore(t *testing.T) {
	for name, again := range map[string]bool{"before it is stored what was sent": true, "before the cursor is stored": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				block := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
				if again {
					w.store.BeforeSent = block
				} else {
					w.store.BeforeStore = func(ctx context.Context, position uint64) error {
						if position == 0 {
							return nil
						}
						return block(ctx)
					}
				}
				w.log.Append(exportertest.Changes(1, 3)...)
				_, kill := w.start()
				synctest.Wait()
				kill()
				w.wantTaken(upTo(1, 3))
				w.wantCursor(0)
				w.store.BeforeSent, w.store.BeforeStore = nil, nil
				r, _ := w.start()
				time.Sleep(time.Minute)
				want := upTo(1, 3)
				if again {
					want = append(want, upTo(1, 3)...)
				}
				w.wantTaken(want)
				w.wantCursor(3)
				w.stop(r)
			})
		})
	}
}

func TestStopFlushes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(context.Context, int, []alert.Change) error { time.Sleep(time.Second); return nil }
		w.o.BatchChanges = 10
		w.log.Append(exportertest.Changes(1, 35)...)
		r, _ := w.start()
		time.Sleep(500 * time.Millisecond)
		w.stop(r)
		w.wantTaken(upTo(1, 35))
		w.wantCursor(35)
		w.stop(r) // a second time is harmless
	})
}

func TestStopBeforeRun(t *testing.T) {
	inWorld(t, func(w *world) {
		r, err := exporters.NewRunner(w.o)
		if err != nil {
			w.t.Fatal(err)
		}
		w.stop(r)
		if err := r.Run(w.t.Context()); err != nil || w.to.closed != 1 {
			w.t.Errorf("Run after Stop: %v, closed %d times", err, w.to.closed)
		}
	})
}

func TestStopDoesNotWaitForABrokenReceiver(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(context.Context, int, []alert.Change) error { return errors.New("down") }
		w.log.Append(exportertest.Change(1))
		r, _ := w.start()
		time.Sleep(time.Hour)
		before := time.Now()
		w.stop(r)
		if d := time.Since(before); d > 0 { // the clock is a fake one
			w.t.Errorf("Stop took %v", d)
		}
		w.wantCursor(0)
	})
}

func TestStopEndsAHangingExportInTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = func(ctx context.Context, _ int, _ []alert.Change) error { <-ctx.Done(); return ctx.Err() }
		w.o.AttemptTimeout = 24 * time.Hour
		w.log.Append(exportertest.Changes(1, 2)...)
		r, _ := w.start()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) || !contains(err.Error(), "2 changes") {
			w.t.Errorf("Stop: %v", err)
		}
		w.wantCursor(0)
	})
}

func TestMetrics(t *testing.T) {
	inWorld(t, func(w *world) {
		registry := prometheus.NewRegistry()
		w.o.Registerer = registry
		w.to.answer = func(_ context.Context, call int, _ []alert.Change) error {
			if call == 0 {
				return &exporters.Error{Kind: exporters.Unauthorized, Accepted: 2, Failed: map[int]string{0: "bad"}}
			}
			return nil
		}
		w.log.Append(exportertest.Changes(1, 3)...)
		r, _ := w.start()
		value := func(name string) (sum float64) {
			families, err := registry.Gather()
			if err != nil {
				w.t.Fatal(err)
			}
			for _, f := range families {
				for _, m := range f.GetMetric() {
					if f.GetName() == name {
						sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
					}
				}
			}
			return sum
		}
		synctest.Wait()
		if value("sealwatch_export_paused") != 1 || value("sealwatch_export_pending_changes") != 1 {
			w.t.Error("a paused destination does not show in the metrics")
		}
		time.Sleep(time.Hour)
		for name, want := range map[string]float64{"sealwatch_export_changes_total": 3, "sealwatch_export_failures_total": 1,
			"sealwatch_export_pending_changes": 0, "sealwatch_export_dead_letters": 1, "sealwatch_export_paused": 0} {
			if got := value(name); got != want {
				w.t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		w.stop(r)
		if _, err := exporters.NewRunner(w.o); err == nil {
			w.t.Error("two runners with one name share their metrics")
		}
	})
}

// TestNothingIsLost lets receiver, database and process fail at random and reconciles at the end.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, func(w *world) { reconcile(w, seed) })
		})
	}
}

func reconcile(w *world, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1)) // for the runner
	main := rand.New(rand.NewPCG(seed, 2))   // for this goroutine
	calm := false
	poisoned := func(s uint64) bool { return s%31 == 7 }
	denied := map[uint64]bool{} // alone, so that others are tried before it
	w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
		e := &exporters.Error{Kind: exporters.Permanent, Failed: map[int]string{}}
		for i, s := range sequences(batch) {
			if poisoned(s) {
				e.Failed[i] = "poisoned"
			}
		}
		bad := len(e.Failed) > 0
		switch {
		case random.IntN(3) > 0 && !calm:
			e.Kind = exporters.ErrorKind(random.IntN(2))
			e.Accepted = random.IntN(len(batch) + 1)
			if random.IntN(2) == 0 {
				e.Failed = nil
				if i := slices.IndexFunc(sequences(batch), poisoned); i >= 0 {
					e.Accepted = min(e.Accepted, i)
				}
			}
			if len(batch) == 1 && e.Kind == exporters.Unauthorized && e.Accepted == 0 {
				denied[batch[0].Sequence] = true
			}
			return e
		case bad && random.IntN(2) == 0:
			return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("bad batch")}
		case bad:
			e.Accepted = len(batch)
			return e
		}
		return nil
	}
	w.store.BeforeStore = func(context.Context, uint64) error {
		if !calm && random.IntN(4) == 0 {
			return errors.New("database away")
		}
		return nil
	}
	w.store.BeforeSent = func(context.Context) error {
		if !calm && random.IntN(4) == 0 {
			return errors.New("database away")
		}
		return nil
	}
	const total = 300
	w.o.BatchChanges = 1 + main.IntN(40)
	_, kill := w.start()
	for s := 1; s <= total; {
		n := min(1+main.IntN(30), total-s+1)
		w.log.Append(exportertest.Changes(s, n)...)
		s += n
		time.Sleep(time.Duration(main.IntN(60)) * time.Second)
		if main.IntN(4) == 0 {
			kill()
			_, kill = w.start()
		}
	}
	kill()
	calm = true
	r, _ := w.start()
	time.Sleep(time.Hour)
	w.stop(r)
	w.wantCursor(total)
	letters := w.store.DeadLetters("siem")
	var last uint64 // the highest that the receiver has seen: only a repetition may lie below it, and what it denied for itself
	seen := map[uint64]bool{}
	for _, s := range w.to.taken {
		if !seen[s] && s < last && !denied[s] {
			w.t.Fatalf("change %d was first delivered after %d", s, last)
		}
		seen[s], last = true, max(last, s)
	}
	for s := uint64(1); s <= total; s++ {
		if _, dead := letters[s]; dead != poisoned(s) || seen[s] == poisoned(s) {
			w.t.Errorf("change %d: delivered %v, dead letter %v, poisoned %v", s, seen[s], dead, poisoned(s))
		}
	}
}
