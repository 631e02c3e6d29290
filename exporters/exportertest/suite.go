// Package exportertest is the conformance suite that every exporter passes, with the logs, stores and receivers in
// memory that it needs.
package exportertest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Factory makes what the suite tests.
type Factory struct {
	// NewReceiver returns a receiver that works.
	NewReceiver func(t testing.TB) Receiver
	// NewExporter returns an exporter to the receiver that gives a write up after the time-out.
	NewExporter func(t testing.TB, r Receiver, timeout time.Duration) exporters.Exporter
	// Poisoned is a change that the exporter or the receiver never takes.
	Poisoned alert.Change
	// Datagrams says that there is no connection, so that a sender learns of a receiver no more than that nobody listens.
	Datagrams bool
	// Acknowledged says that the receiver answers what it has taken: nothing counts as delivered while it takes nothing.
	Acknowledged bool

	secret string // nothing that is logged may hold it
}

// watchful is a log that nobody reads, and in which a secret must not stand.
func watchful(t testing.TB, secret string) *slog.Logger {
	return slog.New(slog.NewTextHandler(&watch{t, secret}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type watch struct {
	t      testing.TB
	secret string
}

func (w *watch) Write(line []byte) (int, error) {
	if w.secret != "" && strings.Contains(string(line), w.secret) {
		w.t.Error("the secret stands in the log")
	}
	return len(line), nil
}

const long = time.Hour // a time-out that no test reaches

// Run runs the suite.
func Run(t *testing.T, f Factory) {
	for _, c := range []struct {
		name      string
		test      func(*bench)
		connected bool // it is about a connection
	}{
		{"order is kept", orderIsKept, false}, {"down at the start", downAtStart, false}, {"accepts and closes", acceptsAndCloses, true},
		{"stalls", stalls, true}, {"half closed", halfClosed, true}, {"restart between batches", restartBetweenBatches, false},
		{"lost while idle", lostWhileIdle, true}, {"oversized", oversized, false}, {"poisoned", poisoned, false}, {"killed between send and cursor", killedBeforeCursor, false},
		{"cancelled in the middle", cancelled, true}, {"stopped in good order", stopped, false}, {"heartbeats", heartbeats, false}, {"events", forwarding, false},
	} {
		if c.connected && f.Datagrams {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			b := &bench{T: t, f: f, receiver: f.NewReceiver(t), log: NewLog(), store: NewStore(), timeout: 10 * time.Second}
			defer b.receiver.Close()
			c.test(b)
		})
	}
}

// bench is one destination under test.
type bench struct {
	*testing.T
	f        Factory
	receiver Receiver
	log      *Log
	store    *Store
	timeout  time.Duration
	beats    exporters.Heartbeats
}

const destination = "under-test"

// start runs a new exporter; kill ends the run at once and returns when it has.
func (b *bench) start() (r *exporters.Runner, kill func()) {
	b.Helper()
	r, err := exporters.NewRunner(exporters.Options{Name: destination, Exporter: b.f.NewExporter(b, b.receiver, b.timeout), Log: b.log,
		Cursors: b.store, DeadLetters: b.store, Deliveries: b.store, Start: exporters.Start{FromFirst: true}, RetryMin: time.Millisecond,
		RetryMax: 50 * time.Millisecond, PausedInterval: 50 * time.Millisecond, KeepInterval: 20 * time.Millisecond,
		AttemptTimeout: long, Heartbeats: b.beats, Logger: watchful(b, b.f.secret)})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			b.Errorf("Run: %v", err)
		}
	}()
	return r, func() { cancel(); <-done }
}

// eventually waits, at most as long as a broken test should take, which is not what a busy machine takes for a good one.
func (b *bench) eventually(what string, condition func() bool) {
	b.Helper()
	for deadline := time.Now().Add(4 * time.Minute); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("it never came to this: %s; %d deliveries", what, len(b.receiver.Received()))
		}
	}
}

// delivered says whether every change of the log but the dead letters has arrived.
func (b *bench) delivered() bool {
	got := map[uint64]bool{}
	for _, d := range b.receiver.Received() {
		got[d.Sequence] = true
	}
	dead := b.store.DeadLetters(destination)
	for s := uint64(1); s <= b.log.Head(); s++ {
		if _, buried := dead[s]; !got[s] && !buried {
			return false
		}
	}
	return true
}

// verify waits for everything, and checks ids and order: only a repetition may come after a later change.
func (b *bench) verify() {
	b.Helper()
	b.eventually("every change has arrived", b.delivered)
	b.eventually("the cursor is stored", func() bool {
		position, _, err := b.store.LoadCursor(b.Context(), destination)
		return err == nil && position == b.log.Head()
	})
	changes, err := b.log.Read(b.Context(), 0, int(b.log.Head()))
	if err != nil {
		b.Fatal(err)
	}
	seen := map[uint64]bool{}
	var last uint64
	for _, d := range b.receiver.Received() {
		if d.Heartbeat != "" {
			continue
		}
		if d.Sequence == 0 || d.Sequence > uint64(len(changes)) || changes[d.Sequence-1].ID != d.AlertID {
			b.Fatalf("the receiver has change %d of alert %q, which was never sent", d.Sequence, d.AlertID)
		}
		if !seen[d.Sequence] && d.Sequence < last {
			b.Fatalf("change %d came for the first time after %d", d.Sequence, last)
		}
		seen[d.Sequence], last = true, max(last, d.Sequence)
	}
}

func (b *bench) once() {
	b.Helper()
	if got, want := len(b.receiver.Received()), int(b.log.Head()); got != want {
		b.Errorf("%d deliveries of %d changes, although nothing went wrong", got, want)
	}
}

func (b *bench) failing(r *exporters.Runner) {
	b.Helper()
	b.eventually("the status tells of the failure", func() bool { return r.Status().LastError != "" })
}

// bulk is how many bulky changes it takes to fill the buffers of a connection whose receiver has a small window.
const bulk = 900

func bulky(count int) []alert.Change {
	changes := Changes(1, count)
	for i := range changes {
		changes[i].Evidence = fmt.Sprintf(`{"text": "%s"}`, strings.Repeat("x", 7000))
	}
	return changes
}
