package exporters

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// trial is a change that is sent outside the log.
type trial struct {
	ctx    context.Context
	change alert.Change
	result chan error
}

// Try sends a change that is in no log, between two batches or while the destination waits after a failure, and returns what the exporter
// said. Nothing is stored of it, and it is sent once. One that is taken ends the wait.
func (r *Runner) Try(ctx context.Context, c alert.Change) error {
	t := trial{ctx: ctx, change: c, result: make(chan error, 1)}
	gone := func() error {
		return fmt.Errorf("exporters: destination %q: it is stopping, or has stopped", r.o.Name)
	}
	select {
	case r.trials <- t:
	case <-r.done:
		return gone()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	select {
	case err := <-t.result:
		return err
	case <-r.done:
		return gone()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryWaiting sends what waits to be tried.
func (r *Runner) tryWaiting(ctx context.Context) {
	for {
		select {
		case t := <-r.trials:
			r.try(ctx, t)
		default:
			return
		}
	}
}

// try says whether the receiver took it.
func (r *Runner) try(ctx context.Context, t trial) bool {
	if t.ctx.Err() != nil {
		return false
	}
	err := r.export(ctx, []alert.Change{t.change})
	var e *Error
	if errors.As(err, &e) && len(e.Failed) > 0 {
		err = errors.New(e.Failed[0])
	}
	if err != nil {
		err = errors.New(presentable(err.Error()))
	}
	t.result <- err
	return err == nil
}
