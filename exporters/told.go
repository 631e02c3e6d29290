package exporters

import (
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// recordedSince is when what is known of deliveries begins: of an older alert the receiver may have been told without a record of it.
func (o *Options) recordedSince() time.Time {
	if o.RecordedFor <= 0 {
		return o.RecordedSince
	}
	kept := time.Now().Add(-o.RecordedFor)
	if kept.After(o.RecordedSince) {
		return kept
	}
	return o.RecordedSince
}

// mayHave says whether the receiver has the alert, or may have it from a time of which nothing is recorded.
func (o *Options) mayHave(c *alert.Change, k *known) bool {
	return k.Sequence > 0 || k.delivered || c.Created.Before(o.recordedSince())
}

// distinct is how many changes at the beginning of a batch can go in one request: the second version of an alert that the receiver has
// nothing of waits for what becomes of the first.
func (r *Runner) distinct(batch []alert.Change) int {
	seen := map[string]bool{}
	for i := range batch {
		id := batch[i].ID
		if seen[id] {
			return i
		}
		if k := r.known[id]; !k.delivered {
			seen[id] = true
		}
	}
	return len(batch)
}

// told are the changes as the receiver is told them: what it has nothing of is created, whatever it is in the log.
func (r *Runner) told(batch []alert.Change) []alert.Change {
	var copied []alert.Change
	for i := range batch {
		if c := r.toldOne(batch[i]); c.Kind != batch[i].Kind {
			if copied == nil {
				copied = append(copied, batch...)
			}
			copied[i] = c
		}
	}
	if copied != nil {
		return copied
	}
	return batch
}

func (r *Runner) toldOne(c alert.Change) alert.Change {
	if k := r.known[c.ID]; c.Kind != alert.ChangeRetracted && !k.delivered && !c.Created.Before(r.o.recordedSince()) {
		c.Kind, c.PreviousState = alert.ChangeCreated, ""
	}
	return c
}

// unheard says whether a change of a lane is how an alert ends of which the receiver has nothing, while an older version is before it.
func (r *Runner) unheard(lane []alert.Change, i int) bool {
	c := &lane[i]
	return !r.o.mayHave(c, &known{delivered: r.known[c.ID].delivered}) && !r.o.wanted(c, &known{}) &&
		slices.ContainsFunc(lane[:i], func(o alert.Change) bool { return o.ID == c.ID })
}

// dropUnheard removes from what waits how alerts end of which the receiver has nothing, now that it refused the version before.
func (r *Runner) dropUnheard(mayHave map[string]bool) {
	unheard := func(c alert.Change) bool {
		may, refused := mayHave[c.ID]
		return refused && !may && !r.o.wanted(&c, &known{})
	}
	before := len(r.queue) + len(r.express)
	r.queue, r.express = slices.DeleteFunc(r.queue, unheard), slices.DeleteFunc(r.express, unheard)
	r.m.count(outcomeFiltered, uint64(before-len(r.queue)-len(r.express))) //nolint:gosec // no less than zero
}
