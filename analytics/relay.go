package analytics

import (
	"context"
	"sync"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// relay runs work and hands on, in order, what it says. Work never waits for the receiver, so that whoever reads slowly or not
// at all keeps nobody else from working: of progress that was not handed on the newest is, and results are kept, one for each
// detection. An error of the receiver ends the work. relay returns when the receiver has everything.
func relay[R any](ctx context.Context, progress func(alert.BacktestProgress) error, result func(R) error, work func(context.Context, func(alert.BacktestProgress) error, func(R) error) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type saying struct {
		progress *alert.BacktestProgress
		result   R
	}
	var mu sync.Mutex
	var all []saying
	some := make(chan struct{}, 1)
	say := func(next saying) error {
		mu.Lock()
		if n := len(all); n > 0 && next.progress != nil && all[n-1].progress != nil {
			all = all[:n-1]
		}
		all = append(all, next)
		mu.Unlock()
		select {
		case some <- struct{}{}:
		default:
		}
		return context.Cause(ctx)
	}
	handOn := func() error {
		for {
			mu.Lock()
			if len(all) == 0 {
				mu.Unlock()
				return nil
			}
			next := all[0]
			all = all[1:]
			mu.Unlock()
			var err error
			if next.progress != nil {
				err = progress(*next.progress)
			} else {
				err = result(next.result)
			}
			if err != nil {
				return err
			}
		}
	}
	var refused error
	var receiving sync.WaitGroup
	receiving.Go(func() {
		for range some {
			if refused == nil {
				if refused = handOn(); refused != nil {
					cancel(refused)
				}
			}
		}
	})
	err := work(ctx, func(p alert.BacktestProgress) error { return say(saying{progress: &p}) }, func(r R) error { return say(saying{result: r}) })
	close(some)
	receiving.Wait()
	if refused != nil { // what work says only follows from it
		return refused
	}
	return err
}
