package exporters_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// receiver is an exporter that does what answer says; nil means that it takes everything.
type receiver struct {
	mu      sync.Mutex
	answer  func(ctx context.Context, call int, batch []alert.Change) error
	batches [][]uint64 // the sequences of each call
	taken   []uint64
	closed  int
}

func (r *receiver) Kind() string { return "test" }

func (r *receiver) Export(ctx context.Context, batch []alert.Change) error {
	r.mu.Lock()
	call := len(r.batches)
	r.batches = append(r.batches, sequences(batch))
	answer := r.answer
	r.mu.Unlock()
	var err error
	if answer != nil {
		err = answer(ctx, call, batch)
	}
	accepted := len(batch)
	var failed map[int]string
	if err != nil {
		accepted = 0
		if e, ok := err.(*exporters.Error); ok {
			accepted, failed = e.Accepted, e.Failed
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, s := range sequences(batch[:accepted]) {
		if _, bad := failed[i]; !bad {
			r.taken = append(r.taken, s)
		}
	}
	return err
}

func (r *receiver) Close(context.Context) error {
	r.closed++
	return nil
}

// answers changes what it does while a runner is at work.
func (r *receiver) answers(f func(ctx context.Context, call int, batch []alert.Change) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func (r *receiver) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.batches)
}

func sequences(batch []alert.Change) []uint64 {
	out := []uint64{}
	for _, c := range batch {
		out = append(out, c.Sequence)
	}
	return out
}

func upTo(first, last uint64) []uint64 {
	out := []uint64{}
	for s := first; s <= last; s++ {
		out = append(out, s)
	}
	return out
}

// world is a destination with everything around it, under a fake clock.
type world struct {
	t     *testing.T
	log   *exportertest.Log
	store *exportertest.Store
	to    *receiver
	o     exporters.Options
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, log: exportertest.NewLog(), store: exportertest.NewStore(), to: &receiver{}}
		w.o = exporters.Options{Name: "siem", Exporter: w.to, Log: w.log, Cursors: w.store, DeadLetters: w.store, Deliveries: w.store,
			Start: exporters.Start{FromFirst: true}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
		f(w)
	})
}

// start runs a new runner; kill ends it at once, as far as that can be done in one process.
func (w *world) start() (r *exporters.Runner, kill func()) {
	w.t.Helper()
	r, err := exporters.NewRunner(w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx)
	}()
	return r, func() { cancel(); <-done }
}

func (w *world) stop(r *exporters.Runner) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		w.t.Errorf("Stop: %v", err)
	}
}

func (w *world) cursor() uint64 {
	w.t.Helper()
	position, _, err := w.store.LoadCursor(w.t.Context(), "siem")
	if err != nil {
		w.t.Fatal(err)
	}
	return position
}

func (w *world) wantTaken(want []uint64) {
	w.t.Helper()
	w.to.mu.Lock()
	defer w.to.mu.Unlock()
	if !slices.Equal(w.to.taken, want) {
		w.t.Errorf("the receiver took %v, want %v", w.to.taken, want)
	}
}

func (w *world) wantCursor(want uint64) {
	w.t.Helper()
	if got := w.cursor(); got != want {
		w.t.Errorf("cursor %d, want %d", got, want)
	}
}
