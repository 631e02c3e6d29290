package exporters

import (
	"context"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Sent is what a destination was sent last of an alert.
type Sent struct {
	AlertID string
	// Sequence of the version: an older one is never sent after it.
	Sequence        uint64
	Severity, State string
	EventCount      uint64
	// End is the time of the last event of that version; Ended says that events had come in for the whole hour after it.
	End   time.Time
	Ended bool
}

// sentOf is what the change will have told a receiver.
func sentOf(c *alert.Change) Sent {
	return Sent{AlertID: c.ID, Sequence: c.Sequence, Severity: c.Severity, State: c.State(), EventCount: c.EventCount, End: c.End, Ended: ended(c)}
}

// ended says whether an alert has come to its end as far as the events that have come in can say: those of the whole hour after its
// last event are known, by event time. It goes on when a later event joins it.
func ended(c *alert.Change) bool { return c.Context != nil && c.Context.AfterComplete }

// tells says whether the change is worth sending to a receiver that has s of the alert: severity or state is another, a person
// changed it, it has twice the events, or it has ended and has grown since, or what followed is known now. An alert without a context
// never says that it has ended, so that every growth of it is sent.
func (s *Sent) tells(c *alert.Change) bool {
	grown := c.EventCount != s.EventCount || !c.End.Equal(s.End)
	switch {
	case c.Sequence <= s.Sequence:
		return false
	case c.Severity != s.Severity, c.State() != s.State:
		return true
	case c.Kind != alert.ChangeDescribed && c.Actor != alert.ActorAnalysis:
		return true
	case c.EventCount >= 2*s.EventCount && grown:
		return true
	case c.Context == nil:
		return grown
	}
	return ended(c) && (grown || !s.Ended && len(c.Context.After) > 0)
}

// mostKnown bounds the alerts of which it is kept in memory what was sent last.
const mostKnown = 20_000

// known is what a destination has of an alert, or will have when what waits is sent.
type known struct {
	Sent
	// delivered says that something of the alert was accepted before.
	delivered bool
}

// remember makes sure that it is known what was sent last of the alerts of a page.
func (r *Runner) remember(ctx context.Context, page []alert.Change) error {
	if len(r.known) > mostKnown && len(r.queue) == 0 && len(r.express) == 0 {
		clear(r.known)
	}
	var missing []string
	for i := range page {
		if _, ok := r.known[page[i].ID]; !ok {
			r.known[page[i].ID] = known{}
			missing = append(missing, page[i].ID)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return r.persist(ctx, "reading what was sent", func(ctx context.Context) error {
		all, err := r.o.Deliveries.LoadSent(ctx, r.o.Name, missing)
		for _, s := range all {
			r.known[s.AlertID] = known{Sent: s, delivered: true}
		}
		return err
	})
}

// take says whether a wanted change is to be sent, and notes that it will be.
func (r *Runner) take(c *alert.Change) bool {
	k := r.known[c.ID]
	if k.Sequence == 0 && c.Kind == alert.ChangeDescribed && (c.Context == nil || len(c.Context.After) == 0) {
		return false // the receiver was never sent it, and learns nothing by it
	}
	if k.Sequence > 0 && !k.tells(c) {
		return false
	}
	r.known[c.ID] = known{Sent: sentOf(c), delivered: k.delivered}
	return true
}
