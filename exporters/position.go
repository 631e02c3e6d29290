package exporters

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// begin finds where to read on. A new destination's start is stored at once, so that a restart does not move it.
func (r *Runner) begin(ctx context.Context) error {
	var position uint64
	var found bool
	err := r.persist(ctx, "loading the cursor", func(ctx context.Context) (err error) {
		position, found, err = r.o.Cursors.LoadCursor(ctx, r.o.Name)
		return err
	})
	if err != nil {
		return err
	}
	err = r.persist(ctx, "counting the dead letters", func(ctx context.Context) error {
		n, err := r.o.DeadLetters.CountDeadLetters(ctx, r.o.Name)
		r.state.setDeadLetters(n)
		return err
	})
	if err != nil {
		return err
	}
	head := r.o.Log.Head()
	switch {
	case !found:
		position = r.o.Start.position(head)
	case position > head:
		r.o.Logger.ErrorContext(ctx, "the cursor lies behind the end of the "+r.o.lane.name()+" log, as after restoring an older database; delivering what comes from now on",
			slog.String("destination", r.o.Name), slog.Uint64("cursor", position), slog.Uint64("head", head))
		position, found = head, false
		err := r.persist(ctx, "forgetting what was sent of the other log", func(ctx context.Context) error {
			return r.o.Deliveries.ForgetSent(ctx, r.o.Name, head)
		})
		if err != nil {
			return err
		}
	}
	r.read, r.storedAt = position, time.Now()
	r.position.Store(position)
	if !found {
		return r.writeCursor(ctx)
	}
	r.stored = position
	return nil
}

// settled updates the position after queue or read changed.
func (r *Runner) settled() {
	position := r.read
	if len(r.queue) > 0 {
		position = r.queue[0].Sequence - 1
	}
	if len(r.express) > 0 {
		position = min(position, r.express[0].Sequence-1)
	}
	r.position.Store(position)
	r.state.setOldestPending(r.oldest())
}

// oldest is when the oldest change was made that waits; zero when none does.
func (r *Runner) oldest() (t time.Time) {
	for _, lane := range [][]alert.Change{r.queue, r.express} {
		if len(lane) > 0 && (t.IsZero() || lane[0].Updated.Before(t)) {
			t = lane[0].Updated
		}
	}
	return t
}

// storeCursor makes the position durable unless it is.
func (r *Runner) storeCursor(ctx context.Context) error {
	if r.position.Load() == r.stored {
		return nil
	}
	return r.writeCursor(ctx)
}

func (r *Runner) writeCursor(ctx context.Context) error {
	position := r.position.Load()
	err := r.persist(ctx, "storing the cursor", func(ctx context.Context) error {
		return r.o.Cursors.StoreCursor(ctx, r.o.Name, position)
	})
	if err != nil {
		return err
	}
	r.stored, r.storedAt = position, time.Now()
	return nil
}

// storeCursorWhenDue is for positions that only passed changes which are not sent.
func (r *Runner) storeCursorWhenDue(ctx context.Context) error {
	if time.Since(r.storedAt) < r.o.CursorInterval {
		return nil
	}
	return r.storeCursor(ctx)
}

// persist repeats a storage operation until it succeeds. While stopping it tries once.
func (r *Runner) persist(ctx context.Context, what string, f func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := f(ctx)
		if err == nil {
			if attempt > 0 {
				r.recovered(ctx)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.failed(ctx, "storage", fmt.Errorf("%s: %w", what, err), r.backoff(attempt)); err != nil {
			return err
		}
	}
}
