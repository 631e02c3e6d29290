package exporters

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// backoff is a random time below a bound that doubles with each attempt, so that the destinations of many replicas do
// not knock together.
func (r *Runner) backoff(attempt int) time.Duration {
	bound := r.o.RetryMax
	if attempt < 32 {
		if d := r.o.RetryMin << attempt; d > 0 && d < bound {
			bound = d
		}
	}
	return rand.N(bound + 1)
}

// delay is how long to wait after a failed export.
func (r *Runner) delay(e *Error, attempt int) time.Duration {
	d := r.backoff(attempt)
	if e.Kind == Unauthorized {
		d += r.o.PausedInterval
	}
	return max(d, min(e.RetryAfter, maxRetryAfter))
}

// errStopped ends the delivery where a stop finds it in trouble.
var errStopped = errors.New("stopped")

// failed records a failure and waits. The error is that of ctx, or errStopped when the runner is to stop: nothing is
// repeated then.
func (r *Runner) failed(ctx context.Context, reason string, err error, wait time.Duration) error {
	r.m.failures.WithLabelValues(reason).Inc()
	first := r.state.fail(reason == Unauthorized.String(), presentable(err.Error()), time.Now().Add(wait))
	level := slog.LevelDebug
	if first {
		level = slog.LevelWarn
	}
	r.o.Logger.Log(ctx, level, "delivery failed; everything is kept and sent later", slog.String("destination", r.o.Name),
		slog.String("reason", reason), slog.String("error", presentable(err.Error())), slog.Duration("next", wait))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	again := time.Now().Add(wait)
	beats := time.NewTimer(time.Hour)
	defer beats.Stop()
	due := func() { // a receiver that asked for a pause gets none
		beats.Stop()
		if next, ok := r.beatDue(); ok && !askedToWait(err) && time.Now().Add(max(next, 0)+beatGrace).Before(again) {
			beats.Reset(max(next, 0))
		}
	}
	due()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.stopping.Done():
			return errStopped
		case t := <-r.trials:
			if r.try(ctx, t) {
				return nil
			}
		case <-beats.C:
			r.sendBeat(ctx, min(beatTimeout, time.Until(again)))
			due()
		case <-r.resumed:
			return nil
		case <-timer.C:
			return nil
		}
	}
}

// askedToWait says whether the receiver named a time before which it wants nothing.
func askedToWait(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.RetryAfter > 0
}

// recovered ends a row of failures.
func (r *Runner) recovered(ctx context.Context) {
	if failures := r.state.recover(); failures > 0 {
		r.o.Logger.InfoContext(ctx, "delivery works again", slog.String("destination", r.o.Name), slog.Int("failures", failures))
	}
}
