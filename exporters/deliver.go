package exporters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// deliver sends from the front of the queue until one batch is settled.
func (r *Runner) deliver(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		n, _ := r.batch()
		if err := r.pace(ctx, n); err != nil {
			return err
		}
		start := time.Now()
		err := r.export(ctx, r.queue[:n:n])
		if err == nil {
			r.m.batches.Observe(time.Since(start).Seconds())
			if err := r.settle(ctx, n, &Error{Accepted: n}); err != nil {
				return err
			}
			r.limit = min(2*r.limit, r.o.BatchChanges)
			r.recovered(ctx)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := outcome(err, n)
		progress := e.Accepted > 0 || len(e.Failed) > 0
		if e.Kind == Permanent && !progress {
			if n > 1 {
				r.limit = n / 2
				continue
			}
			e.Failed = map[int]string{0: e.Error()}
			progress = true
		}
		if progress {
			before := len(r.queue)
			if err := r.settle(ctx, n, e); err != nil {
				return err
			}
			if all := before-len(r.queue) == n; e.RetryAfter == 0 && (all || e.Kind == Permanent) {
				r.recovered(ctx)
				return nil
			}
			attempt = 0
		}
		if err := r.failed(ctx, e.Kind.String(), e, r.delay(e, attempt)); err != nil {
			return err
		}
		if len(r.queue) == 0 {
			return nil
		}
	}
}

// export makes one attempt. A panic of the exporter counts against the batch, so that the change that causes it is
// found and put aside.
func (r *Runner) export(ctx context.Context, batch []alert.Change) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.AttemptTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.o.Logger.ErrorContext(ctx, "the exporter panicked", slog.String("destination", r.o.Name), slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			err = &Error{Kind: Permanent, Err: errors.New("the exporter panicked; the log has the details")}
		}
	}()
	return r.o.Exporter.Export(ctx, batch)
}

// outcome makes an *Error within the bounds of a batch of n changes out of any error.
func outcome(err error, n int) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Kind: Retryable, Err: err}
	}
	c := *e
	c.Err = err
	c.Accepted = min(max(c.Accepted, 0), n)
	c.Failed = make(map[int]string, len(e.Failed))
	for i, reason := range e.Failed {
		if i >= 0 && i < n {
			c.Failed[i] = reason
		}
	}
	return &c
}

// settle removes from the first n changes of the queue what was accepted or has failed for good, after the dead letters
// are durable, and stores the cursor.
func (r *Runner) settle(ctx context.Context, n int, e *Error) error {
	var letters []DeadLetter
	var rest []alert.Change
	for i := range r.queue[:n] {
		if reason, failed := e.Failed[i]; failed {
			letters = append(letters, r.letter(&r.queue[i], reason))
		} else if i >= e.Accepted {
			rest = append(rest, r.queue[i])
		}
	}
	if len(letters) > 0 {
		err := r.persist(ctx, "storing dead letters", func(ctx context.Context) error {
			return r.o.DeadLetters.AddDeadLetters(ctx, letters)
		})
		if err != nil {
			return err
		}
		r.m.count(outcomeDeadLetter, uint64(len(letters)))
		r.state.addDeadLetters(len(letters))
		r.o.Logger.WarnContext(ctx, "the receiver refused changes for good; they are dead letters now", slog.String("destination", r.o.Name),
			slog.Int("changes", len(letters)), slog.Uint64("first", letters[0].Sequence), slog.String("reason", letters[0].Reason))
	}
	delivered := n - len(letters) - len(rest)
	if delivered > 0 {
		r.m.count(outcomeDelivered, uint64(delivered))
		r.state.addDelivered(delivered)
	}
	if r.queue = r.queue[n:]; len(rest) > 0 {
		r.queue = append(rest, r.queue...)
	}
	r.settled()
	return r.storeCursor(ctx)
}

func (r *Runner) letter(c *alert.Change, reason string) DeadLetter {
	d := NewDocument(c)
	payload, err := d.Encode()
	if err != nil {
		payload = fmt.Appendf(nil, "%q", err)
	}
	return DeadLetter{Destination: r.o.Name, Sequence: c.Sequence, AlertID: c.ID, Reason: presentable(reason),
		Time: time.Now().UTC(), Payload: string(payload)}
}

// keep lets a Keeper look after its connection.
func (r *Runner) keep(ctx context.Context) error {
	k, ok := r.o.Exporter.(Keeper)
	if !ok || time.Since(r.keptAt) < r.o.KeepInterval || r.stopping.Err() != nil {
		return nil
	}
	for attempt := 0; ; attempt++ {
		bounded, cancel := context.WithTimeout(ctx, r.o.AttemptTimeout)
		err := k.Keep(bounded)
		cancel()
		r.keptAt = time.Now()
		if err == nil {
			r.recovered(ctx)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := outcome(err, 0)
		if err := r.failed(ctx, e.Kind.String(), e, r.delay(e, attempt)); err != nil {
			return err
		}
		if r.o.Log.Head() > r.read {
			return nil
		}
	}
}
