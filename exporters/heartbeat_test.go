package exporters_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// beating is a receiver that takes heartbeats, too.
type beating struct {
	*receiver
	mu     sync.Mutex
	beats  []exporters.Heartbeat
	answer func(ctx context.Context) error
}

func (b *beating) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	b.mu.Lock()
	b.beats = append(b.beats, *h)
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		return answer(ctx)
	}
	return nil
}

func (b *beating) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.beats)
}

func (b *beating) says(f func(ctx context.Context) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

func inBeatingWorld(t *testing.T, f func(w *world, b *beating)) {
	t.Helper()
	inWorld(t, func(w *world) {
		b := &beating{receiver: w.to}
		w.o.Exporter = b
		w.o.Heartbeats = exporters.Heartbeats{Interval: 5 * time.Minute, Version: "1.2.3", Instance: "watch-1",
			Watermarks: func() []exporters.Watermark {
				return []exporters.Watermark{{Tenant: "acme", Time: time.Now().Add(-time.Minute)}}
			}}
		f(w, b)
	})
}

// TestHeartbeatTellsOfTheAnalysis: how many detections fail, and how far all of them are.
func TestHeartbeatTellsOfTheAnalysis(t *testing.T) {
	inBeatingWorld(t, func(w *world, b *beating) {
		began := time.Now()
		failing, behind := 2, began.Add(-time.Hour)
		var mu sync.Mutex
		w.o.Heartbeats.Analysis = func() (int, time.Time) {
			mu.Lock()
			defer mu.Unlock()
			return failing, behind
		}
		r, _ := w.start()
		time.Sleep(time.Second)
		mu.Lock()
		failing, behind = 0, time.Time{}
		mu.Unlock()
		time.Sleep(5 * time.Minute)
		w.stop(r)
		if len(b.beats) != 2 {
			t.Fatalf("%d heartbeats", len(b.beats))
		}
		bad, well := &b.beats[0], &b.beats[1]
		if bad.Analysis == nil || bad.Analysis.Failing != 2 || bad.AnalysisLag() < 3600 || bad.AnalysisLag() > 3601 || !contains(bad.Text(), "2 detections fail") {
			t.Errorf("while detections fail: %+v, %g s, %s", bad.Analysis, bad.AnalysisLag(), bad.Text())
		}
		if well.Analysis == nil || well.Analysis.Failing != 0 || well.AnalysisLag() != 0 || !well.Analysis.Through.Equal(well.Time) || contains(well.Text(), "fail") {
			t.Errorf("afterwards: %+v, %g s, %s", well.Analysis, well.AnalysisLag(), well.Text())
		}
	})
}

// TestHeartbeatWhileIdle says what it should, at the start and every five minutes, and moves nothing.
func TestHeartbeatWhileIdle(t *testing.T) {
	inBeatingWorld(t, func(w *world, b *beating) {
		w.log.Append(exportertest.Change(1), exportertest.Change(2))
		began := time.Now()
		r, _ := w.start()
		time.Sleep(time.Hour - time.Second)
		if got := b.count(); got != 12 {
			t.Errorf("%d heartbeats in an hour, want 12", got)
		}
		b.mu.Lock()
		ids := map[string]bool{}
		for i, h := range b.beats {
			if at := h.Time.Sub(began); at < time.Duration(i)*5*time.Minute || at > time.Duration(i)*5*time.Minute+10*time.Second {
				t.Errorf("heartbeat %d came after %v", i, at)
			}
			ids[h.ID] = true
		}
		last := b.beats[len(b.beats)-1]
		b.mu.Unlock()
		if len(ids) != 12 {
			t.Errorf("%d ids of 12", len(ids))
		}
		if last.Destination != "siem" || last.Version != "1.2.3" || last.Instance != "watch-1" || last.Interval != 5*time.Minute || last.State != status.DestinationOK ||
			last.Delivered != 2 || last.Pending != 0 || !last.OldestPending.IsZero() || last.LastSuccess.IsZero() || len(last.Watermarks) != 1 || last.Time.Sub(last.Watermarks[0].Time) != time.Minute {
			t.Errorf("the last says %+v", last)
		}
		d := r.Status()
		if !d.LastHeartbeat.Equal(last.Time) || d.HeartbeatError != "" || d.Delivered != 2 {
			t.Errorf("status %+v", d)
		}
		w.stop(r)
		w.wantTaken([]uint64{1, 2})
		w.wantCursor(2)
	})
}

// TestFailedHeartbeat is shown, not repeated, and no failure of the destination.
func TestFailedHeartbeat(t *testing.T) {
	for name, answer := range map[string]func(context.Context) error{
		"refused": func(context.Context) error {
			return &exporters.Error{Kind: exporters.Unauthorized, RetryAfter: time.Minute, Err: errors.New("no \x1b heartbeats")}
		},
		"stalls": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"panics": func(context.Context) error { panic("a heartbeat") },
	} {
		t.Run(name, func(t *testing.T) {
			inBeatingWorld(t, func(w *world, b *beating) {
				b.says(answer)
				r, _ := w.start()
				time.Sleep(4 * time.Minute)
				if d := r.Status(); b.count() != 1 || d.HeartbeatError == "" || d.State != status.DestinationOK || d.LastError != "" || !d.LastHeartbeat.IsZero() {
					t.Errorf("after %d heartbeats: %+v", b.count(), d)
				}
				w.log.Append(exportertest.Change(1))
				time.Sleep(time.Second)
				w.wantTaken([]uint64{1})
				b.says(nil)
				time.Sleep(2 * time.Minute)
				if d := r.Status(); b.count() != 2 || d.HeartbeatError != "" || d.LastHeartbeat.IsZero() {
					t.Errorf("after %d heartbeats: %+v", b.count(), d)
				}
				w.stop(r)
				w.wantCursor(1)
			})
		})
	}
}

// TestAlertsDoNotWaitForHeartbeats: what comes while a receiver does not answer a heartbeat goes out a second later, and what waits
// already goes first.
func TestAlertsDoNotWaitForHeartbeats(t *testing.T) {
	inBeatingWorld(t, func(w *world, b *beating) {
		b.says(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		r, _ := w.start()
		time.Sleep(5*time.Minute + time.Second) // the second heartbeat is under way
		if b.count() != 2 {
			t.Fatalf("%d heartbeats", b.count())
		}
		severe := exportertest.Change(1)
		severe.Severity = alert.SeverityCritical
		w.log.Append(severe)
		time.Sleep(1100 * time.Millisecond)
		w.wantTaken([]uint64{1})
		if b.count() != 2 {
			t.Errorf("the heartbeat was repeated: %d", b.count())
		}
		w.stop(r)
	})
	inBeatingWorld(t, func(w *world, b *beating) { // a backlog: the first heartbeat is due at the start, and goes behind all
		before := -1
		b.says(func(context.Context) error {
			if before < 0 {
				before = w.to.calls()
			}
			return nil
		})
		w.log.Append(exportertest.Changes(1, 300)...)
		r, _ := w.start()
		time.Sleep(time.Second)
		synctest.Wait() // a heartbeat of this very second
		if before != 3 {
			t.Errorf("the first heartbeat came behind %d batches, want 3", before)
		}
		w.stop(r)
	})
}

// TestHeartbeatsOfOneThatIsPaused tell of it, but for a receiver that asked to be left alone.
func TestHeartbeatsOfOneThatIsPaused(t *testing.T) {
	for _, retryAfter := range []time.Duration{0, 50 * time.Minute} {
		inBeatingWorld(t, func(w *world, b *beating) {
			w.to.answers(func(context.Context, int, []alert.Change) error {
				return &exporters.Error{Kind: exporters.Unauthorized, RetryAfter: retryAfter, Err: errors.New("the token is disabled")}
			})
			waits := exportertest.Change(1)
			w.log.Append(waits)
			r, kill := w.start()
			time.Sleep(45 * time.Minute)
			b.mu.Lock()
			n := len(b.beats)
			if retryAfter > 0 && n > 1 {
				t.Errorf("%d heartbeats although the receiver asked for a pause", n)
			}
			if retryAfter == 0 {
				if n < 8 || n > 10 {
					t.Errorf("%d heartbeats in 45 minutes, want 9 or nearly", n)
				} else if last := b.beats[n-1]; last.State != status.DestinationPaused || last.Pending != 1 || !last.OldestPending.Equal(waits.Updated) {
					t.Errorf("the last says %+v", last)
				}
			}
			b.mu.Unlock()
			if d := r.Status(); d.State != status.DestinationPaused {
				t.Errorf("status %+v", d)
			}
			kill()
		})
	}
}

// TestNoHeartbeats where none are wanted.
func TestNoHeartbeats(t *testing.T) {
	inBeatingWorld(t, func(w *world, b *beating) {
		w.o.Heartbeats.Interval = 0
		r, _ := w.start()
		time.Sleep(time.Hour)
		if b.count() != 0 {
			t.Errorf("%d heartbeats", b.count())
		}
		w.stop(r)
	})
}

// TestHeartbeatsUnderLoad come although something waits all the time.
func TestHeartbeatsUnderLoad(t *testing.T) {
	inBeatingWorld(t, func(w *world, b *beating) {
		n := 0
		w.to.answers(func(context.Context, int, []alert.Change) error { // while it takes one, the next comes
			n++
			w.log.Append(exportertest.Change(n + 1))
			time.Sleep(time.Second)
			return nil
		})
		w.log.Append(exportertest.Change(1))
		_, kill := w.start()
		time.Sleep(30 * time.Minute)
		if got := b.count(); got < 5 || got > 7 {
			t.Errorf("%d heartbeats in half an hour, want 6", got)
		}
		kill()
	})
}
