package exporters

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// pageSize is how many changes are read from the log at once; it bounds the queue.
const pageSize = 500

// fill reads the log until the queue holds a full batch, its first change has waited long enough, or, when the queue is
// empty, until there is nothing more to read.
func (r *Runner) fill(ctx context.Context) error {
	for {
		if n, full := r.batch(); full && n > 0 {
			return nil
		}
		if err := r.storeCursorWhenDue(ctx); err != nil {
			return err
		}
		more, err := r.readPage(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		wait := r.o.BatchAge - time.Since(r.queued)
		if len(r.queue) == 0 || wait <= 0 || r.stopping.Err() != nil {
			return nil
		}
		if err := r.wait(ctx, wait); err != nil {
			return err
		}
	}
}

// lane is where the next batch is taken from.
func (r *Runner) lane() *[]alert.Change {
	switch {
	case len(r.express) > 0:
		return &r.express
	case len(r.replays) > 0:
		return &r.replays
	}
	return &r.queue
}

// batch is the number of changes at the front of the lane to send together, and whether more would not fit.
func (r *Runner) batch() (n int, full bool) {
	bytes := 0
	limit := r.limit
	if most := r.o.MaxPerSecond; most > 0 {
		limit = min(limit, most)
	}
	lane := *r.lane()
	for n < len(lane) && n < limit {
		bytes += size(&lane[n])
		if n > 0 && bytes > r.o.BatchBytes {
			return n, true
		}
		n++
	}
	return n, n == limit || bytes >= r.o.BatchBytes
}

// size is about what a change takes up in an encoded batch.
func size(c *alert.Change) int {
	const fixed = 700 // names of fields, times, identifiers
	n := fixed + len(c.Evidence) + len(c.Title) + len(c.Subject.ID) + len(c.Subject.Email) + len(c.Subject.DisplayName)
	for _, id := range c.EventIDs {
		n += len(id) + len(`"",`)
	}
	return n
}

// readPage takes the next changes from the log; more is false when it has none.
func (r *Runner) readPage(ctx context.Context) (more bool, err error) {
	if r.stopping.Err() != nil && r.until == 0 {
		r.until = max(r.o.Log.Head(), 1)
	}
	if head := r.o.Log.Head(); head <= r.read || r.until > 0 && r.read >= r.until {
		return false, nil
	}
	var page []alert.Change
	err = r.persist(ctx, "reading the "+r.o.lane.name()+" log", func(ctx context.Context) error {
		head := r.o.Log.Head()
		page, err = r.o.Log.Read(ctx, r.read, pageSize)
		if err != nil {
			return err
		}
		return r.check(page, head)
	})
	if err != nil {
		return false, err
	}
	if lost := page[0].Sequence - r.read - 1; lost > 0 && !r.o.lane.sparse() {
		r.m.count(outcomeExpired, lost)
		r.o.Logger.ErrorContext(ctx, "changes had left the alert log before they could be delivered", slog.String("destination", r.o.Name),
			slog.Uint64("first", r.read+1), slog.Uint64("changes", lost))
	}
	if len(r.queue) == 0 {
		r.queued = time.Now()
	}
	if err := r.remember(ctx, page); err != nil {
		return false, err
	}
	filtered, unchanged, historical := 0, 0, 0
	for i := range page {
		k := r.known[page[i].ID]
		switch {
		case page[i].ID == "" && r.o.lane.sparse():
		case !r.o.wanted(&page[i], &k):
			r.passOver(&page[i])
			if !r.o.heldBack(&page[i], &k) {
				filtered++
			} else if historical++; !r.heldBack {
				r.heldBack = true
				r.o.Logger.InfoContext(ctx, "an alert is not sent because it was first raised long after its last event, nor are others like it; historical and historicalAfter of the destination decide",
					slog.String("destination", r.o.Name), slog.String("alert", page[i].ID), slog.Duration("historicalAfter", r.o.HistoricalAfter))
			}
		case r.refused[page[i].Sequence]:
			delete(r.refused, page[i].Sequence)
		case !r.take(&page[i]):
			unchanged++
			r.passOver(&page[i])
		default:
			r.queue = append(r.queue, page[i])
		}
	}
	r.m.count(outcomeFiltered, uint64(filtered))
	r.m.count(outcomeUnchanged, uint64(unchanged))
	r.m.count(outcomeHistorical, uint64(historical))
	r.state.addHistorical(historical)
	r.read = page[len(page)-1].Sequence
	r.settled()
	return true, nil
}

// check refuses a page that breaks the contract of the Log, rather than lose or repeat changes.
func (r *Runner) check(page []alert.Change, head uint64) error {
	if len(page) == 0 {
		return fmt.Errorf("it has nothing behind %d although it ends with %d", r.read, head)
	}
	last := r.read
	for i := range page {
		if page[i].Sequence <= last {
			return fmt.Errorf("it has %d behind %d, ascending numbers were expected", page[i].Sequence, last)
		}
		last = page[i].Sequence
	}
	return nil
}

// wait returns when the log has more, after d, when letters are to be sent again, or when the runner is to stop.
func (r *Runner) wait(ctx context.Context, d time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()
	go func() {
		select {
		case <-r.wake:
			cancel()
		case <-limited.Done():
		}
	}()
	err := r.persist(ctx, "waiting for the "+r.o.lane.name()+" log", func(context.Context) error {
		if err := r.o.Log.Wait(limited, r.read); limited.Err() == nil {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ctx.Err()
}

// idle waits for more and lets a Keeper look after its connection.
func (r *Runner) idle(ctx context.Context) error {
	if err := r.storeCursorWhenDue(ctx); err != nil {
		return err
	}
	patience := min(r.o.KeepInterval, r.o.CursorInterval)
	if next, ok := r.beatDue(); ok {
		patience = min(patience, max(next, 0))
	}
	if err := r.wait(ctx, patience); err != nil {
		return err
	}
	return r.keep(ctx)
}
