package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// stableAfter is how long a child has to run for the next restart to be
// immediate again.
const stableAfter = time.Minute

// stopMargin is what a child gets beyond the drain time to close its tables.
const stopMargin = 5 * time.Second

func newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 100*time.Millisecond, 15*time.Second
	b.Reset()
	return b
}

// supervise replaces the child whenever it ends, until Stop.
func (e *Engine) supervise(current *child) {
	defer close(e.finished)
	pause := newBackOff()
	for {
		started := time.Now()
		e.setCurrent(current)
		select {
		case <-e.stopping.Done():
			e.finish(current)
			return
		case <-current.exited:
		}
		_ = current.control.Close()
		if time.Since(started) > stableAfter {
			pause.Reset()
		}
		e.failed(current.explain(errors.New("the engine's process ended")))
		if current = e.replace(pause); current == nil {
			e.finish(nil)
			return
		}
	}
}

// replace starts children until one answers; nil when the engine is stopped
// first.
func (e *Engine) replace(pause *backoff.ExponentialBackOff) *child {
	for {
		timer := time.NewTimer(pause.NextBackOff())
		select {
		case <-e.stopping.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		e.mu.Lock()
		e.status.Restarts++
		e.mu.Unlock()
		c, err := e.launch(e.stopping)
		if err == nil {
			if err = e.running(c); err == nil {
				e.log.Info("the engine runs again", slog.Int("pid", c.command.Process.Pid))
				return c
			}
			c.kill()
		}
		if e.stopping.Err() != nil {
			return nil
		}
		e.failed(fmt.Errorf("restart the engine: %w", err))
	}
}

func (e *Engine) failed(err error) {
	e.log.Error("the engine is down and will be restarted", slog.Any("error", err))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status.State != StateRestarting {
		e.status.State, e.status.Since = StateRestarting, time.Now()
	}
	e.status.PID, e.status.LastError = 0, err.Error()
}

// finish stops the last child, if there is one, and cleans up.
func (e *Engine) finish(current *child) {
	var errs []error
	if current != nil {
		ctx, cancel := context.WithTimeout(context.Background(), e.config.DrainTimeout+stopMargin)
		errs = append(errs, current.stop(ctx))
		cancel()
	}
	errs = append(errs, removeEngineFile(e.layout), e.listener.Close())
	e.stopErr = errors.Join(errs...)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current = nil
	e.status.State, e.status.Since, e.status.PID = StateStopped, time.Now(), 0
}

func (e *Engine) setCurrent(c *child) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current = c
}

// killCurrent ends the current child without waiting for its requests.
func (e *Engine) killCurrent() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil {
		_ = e.current.command.Process.Kill()
	}
}
