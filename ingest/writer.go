package ingest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// Commit is what was stored at once.
type Commit struct {
	// LastSequence is the highest sequence that is durable.
	LastSequence uint64
	// Rows that have a new sequence.
	Rows int
	// MaxTime is the latest event time among them, held events left out; zero when there is none.
	MaxTime time.Time
}

// writer is the one that stores events; there MUST be one for a store. It commits in groups: while one group is on its
// way, the next gathers. Sequences grow in the order of the commits, without a gap, and a retried batch keeps its own.
//
// A commit that has its sequences is finished even when all its callers are gone: it is retried until the store takes it
// or the writer is closed. So an error from write means "not known, send it again", and sending again is safe.
type writer struct {
	store     Store
	queue     *queue
	maxRows   int
	attempt   time.Duration
	firstWait time.Duration
	maxWait   time.Duration
	now       func() time.Time
	committed func(Commit)
	log       *slog.Logger
	metrics   *metrics

	// ctx ends when Close does not wait any longer; stopped is closed when the writer has ended.
	ctx     context.Context
	cancel  context.CancelFunc
	stopped chan struct{}

	// placing is held by whoever uses places: the writer for a commit, or Place, which replaces them.
	placing chan struct{}
	places  *places

	// What follows belongs to the writer's goroutine. last is the highest sequence given; tokens count up behind a prefix
	// of this process.
	loaded bool
	last   uint64
	prefix string
	tokens uint64
}

func newWriter(opt Options, m *metrics) *writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writer{
		store: opt.Store, queue: newQueue(opt.QueueRows, opt.QueueBytes), maxRows: opt.CommitRows, attempt: opt.AttemptTimeout,
		firstWait: opt.FirstRetry, maxWait: opt.MaxRetry, now: opt.Now, committed: opt.Committed, log: opt.Logger, metrics: m,
		ctx: ctx, cancel: cancel, stopped: make(chan struct{}), placing: make(chan struct{}, 1), places: newPlaces(opt.Placements), prefix: uuid.NewString(),
	}
	go w.loop()
	return w
}

// write hands events over and returns when it is known what became of them.
func (w *writer) write(ctx context.Context, r *request) error {
	if err := w.queue.put(r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		w.queue.abandon(r)
		return ctx.Err()
	}
}

// close drains the queue until ctx ends; then it gives the rest up, whose callers are told that the outcome is not known.
func (w *writer) close(ctx context.Context) error {
	w.queue.close()
	select {
	case <-w.stopped:
		w.cancel()
		return nil
	case <-ctx.Done():
		w.cancel()
		<-w.stopped
		return ctx.Err()
	}
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		batch := w.queue.take(w.ctx, w.maxRows)
		if batch == nil {
			break
		}
		start := time.Now()
		w.placing <- struct{}{}
		w.commit(batch)
		<-w.placing
		w.queue.finish(batch, time.Since(start))
	}
	rest := w.queue.rest()
	for _, r := range rest {
		r.err = errClosed(nil)
	}
	w.queue.finish(rest, 0)
}

// errClosed is what callers get whose events the writer gave up.
func errClosed(cause error) error {
	err := fault.New(fault.ShuttingDown, "the service shut down before it was known whether the events are stored; send them again")
	err.Err = cause
	return err
}

// retry calls f until it succeeds, is refused for good, the writer ends or giveUp says so.
func (w *writer) retry(operation string, giveUp func() bool, f func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = w.firstWait, w.maxWait
	for n := 1; ; n++ {
		ctx, cancel := context.WithTimeout(w.ctx, w.attempt)
		err := f(ctx)
		cancel()
		switch {
		case err == nil:
			return nil
		case w.ctx.Err() != nil:
			return errClosed(err)
		case !fault.Is(err, fault.StorageUnavailable) && !errors.Is(err, context.DeadlineExceeded):
			return err
		case giveUp != nil && giveUp():
			return fault.Unavailable(err)
		}
		w.metrics.retries.WithLabelValues(operation).Inc()
		w.log.WarnContext(w.ctx, "the database does not answer, trying again", slog.String("operation", operation), slog.Int("attempt", n), slog.Any("error", err))
		select {
		case <-time.After(wait.NextBackOff()):
		case <-w.ctx.Done():
			return errClosed(err)
		}
	}
}

// latest is the latest time among events that are not held.
func latest(events []event.Event, now time.Time) (t time.Time) {
	for i := range events {
		if e := &events[i]; e.Time.After(t) && !e.Held(now) {
			t = e.Time
		}
	}
	return t
}
