package ingest

import (
	"github.com/sealwatch/sealwatch/internal/event"
)

// row is one event of a commit.
type row struct {
	*event.Event
	request *request
	index   int
}

func (r *row) settle(o outcome) { r.request.outcomes[r.index] = o }

// identity of an event.
type identity struct{ tenant, id string }

// contest is what a commit holds under one identity.
type contest struct {
	best *row
	// losers have another content than best.
	losers []*row
}

// add decides between one more record and the best so far. The outcomes are those that hold when nothing stands yet.
func (c *contest) add(r *row) {
	switch {
	case c.best == nil:
		r.settle(outcomeAccepted)
		c.best = r
	case r.ContentHash == c.best.ContentHash:
		r.settle(outcomeDuplicate)
		if r.Trust > c.best.Trust {
			r.settle(outcomeAccepted)
			c.best.settle(outcomeDuplicate)
			c.best = r
		}
	case known(r.Event).Beats(known(c.best.Event)):
		r.settle(outcomeAccepted)
		c.best.settle(outcomeConflict)
		c.losers = append(c.losers, c.best)
		c.best = r
	default:
		r.settle(outcomeConflict)
		c.losers = append(c.losers, r)
	}
}

// plan is what a commit does with its rows.
type plan struct {
	fresh, winners, losers []*row
}

// against decides between the best record and the one that stands.
func (p *plan) against(c *contest, standing Known, stands bool) {
	for _, l := range c.losers {
		if stands && l.ContentHash == standing.ContentHash {
			l.settle(outcomeDuplicate) // Replace sets the standing one aside, if it loses
			continue
		}
		p.losers = append(p.losers, l)
	}
	best := known(c.best.Event)
	same := stands && best.ContentHash == standing.ContentHash
	switch {
	case !stands:
		p.fresh = append(p.fresh, c.best)
		return
	case best.Beats(standing):
		p.winners = append(p.winners, c.best)
	case !same:
		p.losers = append(p.losers, c.best)
	}
	c.best.settle(outcomeConflict)
	if same { // a more trusted source confirms it: nothing new, but the trust counts from now on
		c.best.settle(outcomeDuplicate)
	}
}
