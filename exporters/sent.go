package exporters

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
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
	// Finding tells findings apart; 0 when it was not recorded.
	Finding uint64
}

// sentOf is what the change will have told a receiver.
func sentOf(c *alert.Change) Sent {
	return Sent{AlertID: c.ID, Sequence: c.Sequence, Severity: c.Severity, State: c.State(), EventCount: c.EventCount, End: c.End, Ended: ended(c), Finding: findingOf(c)}
}

// findingOf is a number of what was found, without the names that are learnt later: events that come late may change it and neither
// the count nor the end.
func findingOf(c *alert.Change) uint64 {
	h := sha256.New()
	for _, s := range append([]string{c.Detection, c.Subject.ID, c.Start.UTC().Format(time.RFC3339Nano), c.End.UTC().Format(time.RFC3339Nano),
		strconv.FormatUint(c.EventCount, 10), strconv.FormatFloat(c.Score, 'g', -1, 64), c.Evidence}, c.EventIDs...) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return max(1, binary.BigEndian.Uint64(h.Sum(nil)))
}

// ended says whether an alert has come to its end as far as the events that have come in can say: those of the whole hour after its
// last event are known, by event time. It goes on when a later event joins it.
func ended(c *alert.Change) bool { return c.Context != nil && c.Context.AfterComplete }

// tells says whether the change is worth sending to a receiver that has s of the alert: severity or state is another, a person
// changed it, it has twice the events, or it has ended and tells something else by now, or what followed is known now. An alert without
// a context never says that it has ended, so that everything that it newly tells is sent.
func (s *Sent) tells(c *alert.Change) bool {
	grown := c.EventCount != s.EventCount || !c.End.Equal(s.End)
	other := grown || s.Finding != 0 && s.Finding != findingOf(c)
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
		return other
	}
	return ended(c) && (other || !s.Ended && len(c.Context.After) > 0)
}

// mostKnown bounds the alerts of which it is kept in memory what was sent last.
const mostKnown = 20_000

// known is what a destination has of an alert, or will have when what waits is sent.
type known struct {
	Sent
	// delivered says that something of the alert was accepted before.
	delivered bool
	// waits says that the version is not settled yet.
	waits bool
}

// remember makes sure that it is known what was sent last of the alerts of a page.
func (r *Runner) remember(ctx context.Context, page []alert.Change) error {
	if len(r.known) > mostKnown {
		r.forget()
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
		head := r.o.Log.Head()
		for _, s := range all {
			id := s.AlertID
			if s.Sequence > head { // of a log that is no more, as after restoring an older database
				s = Sent{}
			}
			r.known[id] = known{Sent: s, delivered: true}
		}
		return err
	})
}

// forget leaves in memory what was sent of the alerts that wait, which are at most a few pages.
func (r *Runner) forget() {
	kept := map[string]known{}
	for _, lane := range [][]alert.Change{r.queue, r.express, r.replays, r.witnesses} {
		for i := range lane {
			if k, ok := r.known[lane[i].ID]; ok {
				kept[lane[i].ID] = k
			}
		}
	}
	for id := range r.passed {
		if k, ok := r.known[id]; ok {
			kept[id] = k
		}
	}
	r.known = kept
}

// take says whether a wanted change is to be sent, and notes that it will be.
func (r *Runner) take(c *alert.Change) bool {
	k := r.known[c.ID]
	if k.Sequence == 0 && c.Kind == alert.ChangeDescribed && (c.Context == nil || len(c.Context.After) == 0 || !k.delivered && c.Created.Before(r.o.recordedSince())) {
		return false // the receiver was never sent it, and learns nothing by it; or has it, since longer than that is recorded
	}
	if k.Sequence > 0 && !k.tells(c) {
		return false
	}
	r.known[c.ID] = known{Sent: sentOf(c), delivered: k.delivered, waits: true}
	return true
}

// passOver notes a change that is not sent because of a version that is not settled: it is looked at again if the receiver refuses that.
func (r *Runner) passOver(c *alert.Change) {
	if r.known[c.ID].waits {
		r.passed[c.ID] = *c
	}
}

// reconsider looks again at what came behind versions that were refused, compared with what the receiver has now.
func (r *Runner) reconsider(ctx context.Context, letters []DeadLetter) error {
	for i := range letters {
		id := letters[i].AlertID
		c, ok := r.passed[id]
		if !ok || c.Sequence < letters[i].Sequence || r.queues(id) || slices.ContainsFunc(r.express, func(c alert.Change) bool { return c.ID == id }) {
			continue
		}
		delete(r.passed, id)
		if err := r.remember(ctx, []alert.Change{c}); err != nil {
			return err
		}
		if k := r.known[id]; !r.o.wanted(&c, &k) || !r.take(&c) {
			continue
		}
		at, _ := slices.BinarySearchFunc(r.queue, c.Sequence, func(q alert.Change, s uint64) int { return compareSequences(q.Sequence, s) })
		r.queue = slices.Insert(r.queue, at, c)
	}
	return nil
}
