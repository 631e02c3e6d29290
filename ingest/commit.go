package ingest

import (
	"context"
	"fmt"
	"time"
)

// commit stores a batch. Its requests get their outcomes, or an error that means "not known".
type commit struct {
	*writer
	batch []*request
	// stored counts rows that the store took, refused those that it refused.
	stored  int
	refused []refusal
	rows    int
	maxTime time.Time
}

type refusal struct {
	row *row
	err error
}

func (w *writer) commit(batch []*request) {
	start := time.Now()
	c := &commit{writer: w, batch: batch}
	if err := c.run(); err != nil {
		for _, r := range batch {
			r.err = err
		}
	}
	c.judge()
	n := 0
	for _, r := range batch {
		r.last = w.last
		n += len(r.events)
	}
	w.metrics.commitSeconds.Observe(time.Since(start).Seconds())
	w.metrics.commitRows.Observe(float64(n))
	if c.rows > 0 && w.committed != nil {
		w.committed(Commit{LastSequence: w.last, Rows: c.rows, MaxTime: c.maxTime})
	}
}

// run returns an error when nothing was begun that has to be finished.
func (c *commit) run() error {
	giveUp := func() bool { return c.queue.deserted(c.batch) }
	if !c.loaded {
		err := c.retry("last_sequence", giveUp, func(ctx context.Context) (err error) {
			c.last, err = c.store.LastSequence(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("reading the last sequence: %w", err)
		}
		c.loaded = true
	}
	contests, order := c.contests()
	standing, err := c.standing(giveUp, order)
	if err != nil {
		return fmt.Errorf("looking up the event ids: %w", err)
	}
	var p plan
	for _, id := range order {
		k, stands := standing[id]
		p.against(contests[id], k, stands)
	}
	c.apply(setAside(), p.losers)
	c.apply(appendNew(), p.fresh)
	c.apply(replace(), p.winners)
	return nil
}

func (c *commit) everything() (rows []row) {
	for _, r := range c.batch {
		for i := range r.events {
			rows = append(rows, row{&r.events[i], r, i})
		}
	}
	return rows
}

// contests groups the batch by identity, in the order in which each first occurs.
func (c *commit) contests() (map[identity]*contest, []identity) {
	rows := c.everything()
	all := make(map[identity]*contest, len(rows))
	order := make([]identity, 0, len(rows))
	space := make([]contest, len(rows))
	for i := range rows {
		id := identity{rows[i].Tenant, rows[i].ID}
		one := all[id]
		if one == nil {
			one = &space[i]
			all[id] = one
			order = append(order, id)
		}
		one.add(&rows[i])
	}
	return all, order
}

// standing looks up what the store has under the ids.
func (c *commit) standing(giveUp func() bool, ids []identity) (map[identity]Known, error) {
	byTenant := make(map[string][]string)
	for _, id := range ids {
		byTenant[id.tenant] = append(byTenant[id.tenant], id.id)
	}
	all := make(map[identity]Known)
	for tenant, list := range byTenant {
		err := c.retry("known", giveUp, func(ctx context.Context) error {
			found, err := c.store.Known(ctx, tenant, list)
			for id, k := range found {
				all[identity{tenant, id}] = k
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
