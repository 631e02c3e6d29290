package exporters

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// A change that is refused although it was sent alone is at fault itself when the receiver takes others. When it takes none, the receiver
// or the configuration is at fault, and nothing is given up. So a refused change is a suspect at first; the next ones are then sent alone,
// and when there are none, what the receiver took last. As soon as one is taken, the suspects are sent once more and become dead letters if
// they are refused again. When all of a batch are suspects, the destination pauses, for seconds at first. What an exporter names by itself is
// judged likewise: it counts when the receiver took something after it.

// suspects are at the front of a lane.
type suspects struct {
	sequences []uint64
	// doubted were suspects when the receiver took another change.
	doubted map[uint64]bool
	// spent says that one was given up although there was nothing to compare it with, and that nothing was taken since.
	spent bool
	// pauses are those in a row in which nothing was taken.
	pauses int
}

// skip is how many changes at the front of the lane are suspects.
func (s *suspects) skip(lane []alert.Change) int {
	if len(s.sequences) >= len(lane) {
		s.sequences = nil
	}
	for i, q := range s.sequences {
		if lane[i].Sequence != q {
			s.sequences = nil
			break
		}
	}
	return len(s.sequences)
}

// guilty says whether a change that was refused alone is at fault itself, without more being asked: witness says that there is something to
// compare it with. One that the receiver names is, when there is no other to send, but not the next such one.
func (s *suspects) guilty(c *alert.Change, e *Error, others, witness bool) bool {
	if s.doubted[c.Sequence] {
		return true
	}
	named := len(e.Failed) > 0 && !others && !s.spent
	return !witness && named
}

// convicted notes that a change becomes a dead letter.
func (s *suspects) convicted(c *alert.Change) {
	if !s.doubted[c.Sequence] {
		s.spent = true
	}
	delete(s.doubted, c.Sequence)
}

// accepted notes that the receiver took something.
func (s *suspects) accepted() {
	s.spent, s.pauses = false, 0
	for _, q := range s.sequences {
		s.doubted[q] = true
	}
	s.sequences = nil
}

// settleBehind settles the change behind the suspects at the front of the lane, which the receiver took.
func (r *Runner) settleBehind(ctx context.Context, lane *[]alert.Change, at int) error {
	c := (*lane)[at]
	older := func(o alert.Change) bool { return o.ID == c.ID && o.Sequence < c.Sequence }
	*lane = slices.Insert(slices.DeleteFunc(slices.Delete(*lane, at, at+1), older), 0, c)
	return r.settle(ctx, lane, 1, &Error{Accepted: 1})
}

// suspect notes that the change behind the suspects was refused alone, and waits. All of them were tried when it returns true.
func (r *Runner) suspect(ctx context.Context, lane *[]alert.Change, e *Error, attempt int) (all bool, err error) {
	r.suspects.sequences = append(r.suspects.sequences, (*lane)[len(r.suspects.sequences)].Sequence)
	n, most := 0, max(r.o.BatchChanges, 100)
	for more := true; ; {
		for n = len(r.suspects.sequences); n < len(*lane) && r.unheard(*lane, n); n++ { // it says nothing before what it ends is taken
			r.suspects.sequences = append(r.suspects.sequences, (*lane)[n].Sequence)
		}
		if lane != &r.queue || !more || n < len(*lane) || n >= most {
			break
		}
		if more, err = r.readPage(ctx); err != nil { // what came meanwhile may be taken
			return false, err
		}
	}
	all = n >= min(len(*lane), most)
	if e.Kind != Unauthorized && !all {
		return false, r.rest(ctx)
	}
	if all && lane == &r.express {
		if taken, err := r.tryQueue(ctx); taken || err != nil {
			return true, err
		}
	}
	if all && e.Kind != Unauthorized {
		if taken, err := r.testify(ctx); taken || err != nil {
			return true, err
		}
	}
	if all {
		r.suspects.sequences = nil
	}
	wait := r.delay(e, attempt)
	if e.Kind != Unauthorized {
		wait = r.pause(e)
		e = &Error{Kind: Unauthorized, RetryAfter: e.RetryAfter, Err: fmt.Errorf("%s; nothing is given up: %w", noneTaken(n, r.o.lane.thing()), e)}
	}
	return all, r.failed(ctx, e.Kind.String(), e, wait)
}

// pause is how long to wait when nothing was taken: seconds at first, because there may be one change alone that is at fault and the next
// will tell, and no more than for other reasons.
func (r *Runner) pause(e *Error) time.Duration {
	d := r.o.PausedInterval
	if n := r.suspects.pauses; n < 6 {
		d >>= 6 - n
	}
	r.suspects.pauses++
	return max(d+rand.N(r.o.RetryMin+1), min(e.RetryAfter, maxRetryAfter))
}

// noneTaken says that changes were refused one by one, and that nothing else was taken either.
func noneTaken(n int, thing string) string {
	if n == 1 {
		return "the receiver does not take the one " + thing + " that was sent alone, nor anything else that was tried"
	}
	return fmt.Sprintf("the receiver takes none of the %d %ss that were sent alone", n, thing)
}

// tryQueue looks whether the receiver takes what waits behind what overtakes, a few changes alone.
func (r *Runner) tryQueue(ctx context.Context) (taken bool, err error) {
	const most = 10
	for i, tried := 0, 0; tried < most; i++ {
		for more := true; i >= len(r.queue); {
			if !more {
				return false, nil
			}
			if more, err = r.readPage(ctx); err != nil {
				return false, err
			}
		}
		if r.unheard(r.queue, i) || slices.ContainsFunc(r.express, func(c alert.Change) bool { return c.ID == r.queue[i].ID }) {
			continue // the older version would come behind
		}
		tried++
		if err := r.rest(ctx); err != nil {
			return false, err
		}
		if r.export(ctx, r.told(r.queue[i:i+1:i+1])) == nil {
			r.suspects.accepted()
			r.recovered(ctx)
			return true, r.settleBehind(ctx, &r.queue, i)
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return false, nil
}

// rest is a short pause, so that a search does not press the receiver.
func (r *Runner) rest(ctx context.Context) error {
	timer := time.NewTimer(rand.N(r.o.RetryMin + 1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.stopping.Done():
		return nil
	case <-timer.C:
		return nil
	}
}
