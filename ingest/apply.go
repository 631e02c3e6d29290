package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// maxRefusals is how many events of one commit the store may refuse before the fault is taken to be the store's.
const maxRefusals = 64

// operation is one way to store rows.
type operation struct {
	name string
	// numbered rows get a sequence.
	numbered bool
	call     func(Store, context.Context, string, []event.Event) error
}

func setAside() operation  { return operation{name: "set_aside", call: Store.SetAside} }
func appendNew() operation { return operation{name: "append", numbered: true, call: Store.Append} }
func replace() operation   { return operation{name: "replace", numbered: true, call: Store.Replace} }

// apply stores rows by one operation. A batch that is refused is halved until it is known which rows are at fault.
func (c *commit) apply(op operation, rows []*row) {
	if len(rows) == 0 {
		return
	}
	events := make([]event.Event, len(rows))
	for i, r := range rows {
		if op.numbered {
			r.Sequence = c.last + uint64(i) + 1
		}
		events[i] = *r.Event
		c.places.put(&events[i])
	}
	c.tokens++
	token := c.prefix + "-" + strconv.FormatUint(c.tokens, 10)
	err := c.retry(op.name, nil, func(ctx context.Context) error { return op.call(c.store, ctx, token, events) })
	switch {
	case err == nil:
		c.took(op, events)
	case c.ctx.Err() != nil:
		c.fail(err, rows)
	default:
		c.halve(op, rows, err)
	}
}

// took counts what the store has taken.
func (c *commit) took(op operation, events []event.Event) {
	c.stored += len(events)
	if !op.numbered {
		return
	}
	c.last += uint64(len(events))
	c.rows += len(events)
	if t := latest(events, c.now()); t.After(c.maxTime) {
		c.maxTime = t
	}
}

// halve finds the rows for which a batch was refused. A part of the batch may be stored, by this attempt or one before
// it: that part keeps its sequences, which are not given again.
func (c *commit) halve(op operation, rows []*row, refused error) {
	if len(c.refused) >= maxRefusals {
		c.loaded = c.loaded && !op.numbered // some may be stored: the sequence is read again before more are given
		c.fail(refused, rows)
		return
	}
	if op.numbered {
		var err error
		if rows, err = c.unstored(rows); err != nil {
			c.loaded = false
			c.fail(err, rows)
			return
		}
	}
	switch n := len(rows); n {
	case 0:
	case 1:
		c.refused = append(c.refused, refusal{rows[0], refused})
	default:
		c.apply(op, rows[:n/2])
		c.apply(op, rows[n/2:])
	}
}

// unstored leaves out the rows that stand by now. Their callers are told to send again, which then finds duplicates.
func (c *commit) unstored(rows []*row) ([]*row, error) {
	ids := make([]identity, len(rows))
	for i, r := range rows {
		ids[i] = identity{r.Tenant, r.ID}
	}
	standing, err := c.standing(nil, ids)
	if err != nil {
		return rows, err
	}
	err = c.retry("last_sequence", nil, func(ctx context.Context) error {
		last, err := c.store.LastSequence(ctx)
		c.last = max(c.last, last)
		return err
	})
	if err != nil {
		return rows, err
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r *row) bool {
		stands := standing[identity{r.Tenant, r.ID}] == known(r.Event)
		if stands {
			c.rows++
			c.fail(fault.New(fault.StorageUnavailable, "the database stored a part of the events and then refused the rest; send them again"), []*row{r})
		}
		return stands
	}), nil
}

// fail tells the callers of the rows that the outcome is not known.
func (c *commit) fail(err error, rows []*row) {
	for _, r := range rows {
		if r.request.err == nil {
			r.request.err = err
		}
	}
}

// judge decides about the refused rows. A row is to blame only when the store says so; otherwise the callers send again.
func (c *commit) judge() {
	for _, f := range c.refused {
		if !fault.Is(f.err, fault.InvalidArgument) || len(c.refused) > maxRefusals {
			c.fail(fmt.Errorf("the database refuses events: %w", f.err), []*row{f.row})
			continue
		}
		f.row.settle(outcomeRefused)
		if f.row.request.refusals == nil {
			f.row.request.refusals = make(map[int]error)
		}
		f.row.request.refusals[f.row.index] = f.err
		c.log.ErrorContext(c.ctx, "the database refuses an event", slog.String("event", f.row.ID), slog.Any("error", f.err))
	}
	if len(c.refused) > 0 && c.stored == 0 {
		c.log.ErrorContext(c.ctx, "the database refused a whole commit", slog.Any("error", c.refused[0].err))
	}
}
