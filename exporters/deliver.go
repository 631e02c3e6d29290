package exporters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// deliver sends from the front of the queue until one batch is settled.
func (r *Runner) deliver(ctx context.Context) error {
	denied := false // the last attempt was, so that changes are looked at one by one
	for attempt := 0; ; attempt++ {
		if err := r.scout(ctx); err != nil {
			return err
		}
		lane := r.lane()
		n, _ := r.batch()
		skip := r.suspects.skip(*lane)
		if skip > 0 || attempt > 0 && denied || r.suspects.doubted[(*lane)[0].Sequence] {
			n = 1
		}
		batch, err := r.next(ctx, (*lane)[skip:skip+n:skip+n])
		if err != nil {
			return err
		}
		n = len(batch)
		start := time.Now()
		err = r.export(ctx, batch)
		if err == nil {
			r.m.batches.Observe(time.Since(start).Seconds())
			r.suspects.accepted()
			r.vouch(batch)
			r.limit = min(2*r.limit, r.o.BatchChanges)
			if denied {
				r.limit = 1
			}
			if skip > 0 {
				err = r.settleBehind(ctx, lane, skip)
			} else {
				err = r.settle(ctx, lane, n, &Error{Accepted: n})
			}
			if err != nil {
				return err
			}
			r.recovered(ctx)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := outcome(err, n)
		took := e.took()
		if took && lane != &r.replays {
			e.unproven()
		}
		denied = e.Kind == Unauthorized && !e.Whole && !took
		if took {
			r.suspects.accepted()
			r.vouch(batch[:e.last()+1])
		}
		nothing := !took && (e.Kind == Permanent || len(e.Failed) == n)
		if nothing && n > 1 {
			r.limit = n / 2
			if err := r.rest(ctx); err != nil {
				return err
			}
			continue
		}
		if nothing || denied && n == 1 && (attempt > 0 || skip > 0 || r.suspects.doubted[(*lane)[0].Sequence]) {
			c := &(*lane)[skip]
			if lane != &r.replays && !r.suspects.guilty(c, e, len(r.express)+len(r.queue) > 1 || r.o.Log.Head() > r.read, r.witness() != nil) {
				all, err := r.suspect(ctx, lane, e, attempt)
				if err != nil || all {
					return err
				}
				continue
			}
			if len(e.Failed) == 0 {
				e.Failed = map[int]string{0: e.Error()}
			}
			if lane != &r.replays {
				r.suspects.convicted(c)
			}
			return r.settle(ctx, lane, 1, e)
		}
		if skip > 0 && took {
			return r.settleBehind(ctx, lane, skip)
		}
		if took {
			before := len(*lane)
			if err := r.settle(ctx, lane, n, e); err != nil {
				return err
			}
			if all := before-len(*lane) == n; e.RetryAfter == 0 && (all || e.Kind == Permanent) {
				r.recovered(ctx)
				if all {
					return nil
				}
				return r.rest(ctx)
			}
			attempt = 0
		} else if len(e.Failed) > 0 { // they are given up when the receiver takes others; fewer at once, so that their turn comes
			r.limit = n / 2
		}
		if err := r.failed(ctx, e.Kind.String(), e, r.delay(e, attempt)); err != nil {
			return err
		}
		if len(*r.lane()) == 0 {
			return nil
		}
	}
}

// next are the changes at the beginning of a batch that go in one request, as the receiver is told them, when it is their time.
func (r *Runner) next(ctx context.Context, batch []alert.Change) ([]alert.Change, error) {
	if err := r.remember(ctx, batch); err != nil {
		return nil, err
	}
	n := r.distinct(batch)
	return r.told(batch[:n:n]), r.pace(ctx, n)
}

// took says whether the receiver took a change of the batch.
func (e *Error) took() bool { return e.last() >= 0 }

// last is the last change of the batch that the receiver took; -1 when it took none.
func (e *Error) last() int {
	for i := e.Accepted - 1; i >= 0; i-- {
		if _, failed := e.Failed[i]; !failed {
			return i
		}
	}
	return -1
}

// unproven leaves out the changes that were refused after the last that was taken: the receiver may have begun to refuse everything. They
// are sent again.
func (e *Error) unproven() {
	last := e.last()
	e.Accepted = last + 1
	for i := range e.Failed {
		if i > last {
			delete(e.Failed, i)
		}
	}
}

// export makes one attempt. A panic of the exporter counts against the batch, so that the change that causes it is
// found and put aside.
func (r *Runner) export(ctx context.Context, batch []alert.Change) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Patience())
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

// Patience is how long one export may take.
func (r *Runner) Patience() time.Duration {
	if p, ok := r.o.Exporter.(Patient); ok {
		return max(r.o.AttemptTimeout, p.Patience())
	}
	return r.o.AttemptTimeout
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

// settle removes from the first n changes of a lane what was accepted or has failed for good, after it is durable what became of
// them, and stores the cursor.
func (r *Runner) settle(ctx context.Context, lane *[]alert.Change, n int, e *Error) error {
	var letters []DeadLetter
	var rest []alert.Change
	var sent []Sent
	replaying := lane == &r.replays
	refusedIDs := map[string]bool{} // of alerts with a version that is given up, whether the receiver may have another
	var again []DeadLetter          // letters that are sent now, or that were refused once more
	for i := range (*lane)[:n] {
		c := &(*lane)[i]
		if reason, failed := e.Failed[i]; failed && replaying {
			again = append(again, r.refusedAgain(c, reason)...)
		} else if failed {
			letters = append(letters, r.letter(c, reason))
			if lane == &r.express {
				r.refused[c.Sequence] = true
			}
			refusedIDs[c.ID] = r.o.mayHave(c, &known{delivered: r.known[c.ID].delivered})
			delete(r.known, c.ID) // the receiver has what it had before, so that the next version is compared with that
		} else if i >= e.Accepted {
			rest = append(rest, *c)
		} else {
			sent = append(sent, sentOf(c))
			if replaying {
				again = append(again, r.letters.of(c.ID, status.LetterSent)...)
			}
		}
	}
	refused := n - len(rest) - len(sent)
	if len(sent) > 0 {
		err := r.persist(ctx, "storing what was sent", func(ctx context.Context) error { return r.o.Deliveries.StoreSent(ctx, r.o.Name, sent) })
		if err != nil {
			return err
		}
		for _, s := range sent {
			if k, ok := r.known[s.AlertID]; replaying || ok && k.Sequence < s.Sequence { // a version before it was refused, and what was known with it
				r.known[s.AlertID] = known{Sent: s, delivered: true}
			} else if ok {
				k.delivered, k.waits = true, k.waits && k.Sequence > s.Sequence
				r.known[s.AlertID] = k
			}
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
		r.o.Logger.WarnContext(ctx, "the receiver refused "+r.o.lane.thing()+"s for good; they are dead letters now", slog.String("destination", r.o.Name),
			slog.Int(r.o.lane.thing()+"s", len(letters)), slog.Uint64("first", letters[0].Sequence), slog.String("reason", letters[0].Reason))
	}
	if len(again) > 0 {
		if err := r.storeLetters(ctx, again); err != nil {
			return err
		}
	}
	delivered := n - refused - len(rest)
	if delivered > 0 {
		r.m.count(outcomeDelivered, uint64(delivered))
		r.state.addDelivered(delivered)
	}
	overtook := len(r.express) > 0 || replaying
	if *lane = (*lane)[n:]; len(rest) > 0 {
		*lane = append(rest, *lane...)
	}
	if overtook {
		r.superseded(sent)
	}
	r.replayed = replaying
	r.dropUnheard(refusedIDs)
	if err := r.reconsider(ctx, letters); err != nil {
		return err
	}
	for _, s := range sent {
		if !r.known[s.AlertID].waits {
			delete(r.passed, s.AlertID)
		}
	}
	r.settled()
	return r.storeCursor(ctx)
}

func (r *Runner) letter(c *alert.Change, reason string) DeadLetter {
	told := r.toldOne(*c)
	payload, err := r.o.lane.payload(&told)
	if err != nil {
		payload = fmt.Appendf(nil, "%q", err)
	}
	return DeadLetter{Destination: r.o.Name, Sequence: c.Sequence, AlertID: c.ID, Reason: presentable(reason),
		Time: time.Now().UTC().Truncate(time.Millisecond), Payload: string(payload)}
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
		if r.o.Log.Head() > r.read || r.asked.Load() {
			return nil
		}
	}
}
