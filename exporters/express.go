package exporters

import (
	"context"
	"slices"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// express holds what overtakes: alerts of high or critical severity that lie behind what was read. The cursor stays where it is
// meanwhile; that an alert was sent ahead is stored with the alert, so that nothing older of it is sent later, by this run or the next.

// scout looks for severe changes between what was read and the end of the log, once for each part of it.
func (r *Runner) scout(ctx context.Context) error {
	if len(r.express) > 0 {
		return nil
	}
	r.scouted = max(r.scouted, r.read)
	end := r.o.Log.Head()
	if r.until > 0 {
		end = min(end, r.until)
	}
	if n, _ := r.batch(); n == len(r.queue) && end <= r.read && len(r.replays) == 0 {
		return nil // all goes at once
	}
	for i := range r.queue { // first what came before what is found behind it
		if severe(&r.queue[i]) {
			r.express = append(r.express, r.queue[i])
		}
	}
	r.queue = slices.DeleteFunc(r.queue, func(c alert.Change) bool { return severe(&c) })
	for r.scouted < end && len(r.express) == 0 {
		var page []alert.Change
		var through uint64
		err := r.persist(ctx, "looking for severe alerts", func(ctx context.Context) (err error) {
			page, through, err = r.o.Log.Severe(ctx, r.scouted, end, pageSize)
			return err
		})
		if err != nil {
			return err
		}
		if err := r.remember(ctx, page); err != nil {
			return err
		}
		for i := range page {
			c := &page[i]
			if k := r.known[c.ID]; severe(c) && r.o.wanted(c, &k) && r.take(c) {
				r.express = append(r.express, *c)
			}
		}
		r.scouted = max(through, r.scouted+1)
	}
	if len(r.express) > 0 {
		r.postponeReplays()
	}
	r.settled()
	return nil
}

// severe says whether a change overtakes others.
func severe(c *alert.Change) bool {
	return alert.SeverityRank(c.Severity) >= alert.SeverityRank(alert.SeverityHigh) && c.Kind != alert.ChangeRetracted
}

// superseded removes from the queue what is older than what was sent ahead of it.
func (r *Runner) superseded(sent []Sent) {
	newest := map[string]uint64{}
	for _, s := range sent {
		newest[s.AlertID] = max(newest[s.AlertID], s.Sequence)
	}
	before := len(r.queue)
	r.queue = slices.DeleteFunc(r.queue, func(c alert.Change) bool { return c.Sequence <= newest[c.ID] })
	r.m.count(outcomeSuperseded, uint64(before-len(r.queue)))
}
