package exporters

import (
	"context"
	"slices"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// A witness is what the receiver took lately, as it was told. When a change is refused alone and no other is there to compare it with, the
// witness is sent once more: a receiver that takes it, and still refuses the other, says that the other is at fault; one that refuses what
// it took before is at fault itself. It is a repetition, with the same id and sequence.

// mostWitnesses are kept, each of another alert: one whose alert has a newer version that waits may not be repeated.
const mostWitnesses = 5

// vouch notes what the receiver took.
func (r *Runner) vouch(batch []alert.Change) {
	if len(batch) == 0 {
		return
	}
	last := batch[len(batch)-1]
	r.witnesses = append(slices.DeleteFunc(r.witnesses, func(c alert.Change) bool { return c.ID == last.ID }), last)
	r.witnesses = r.witnesses[max(0, len(r.witnesses)-mostWitnesses):]
	r.o.lane.keep(r.witnesses)
}

// witness is the last that may be repeated, the last version of its alert that was sent; nil when there is none.
func (r *Runner) witness() *alert.Change {
	for i := len(r.witnesses) - 1; i >= 0; i-- {
		w := r.witnesses[i]
		k := r.known[w.ID]
		if r.o.lane.sparse() || k.delivered && !k.waits && k.Sequence == w.Sequence {
			return &w
		}
	}
	return nil
}

// testify says whether the receiver takes the witness again.
func (r *Runner) testify(ctx context.Context) (taken bool, err error) {
	w := r.witness()
	if w == nil {
		return false, nil
	}
	if err := r.rest(ctx); err != nil {
		return false, err
	}
	if err := r.pace(ctx, 1); err != nil {
		return false, err
	}
	if r.export(ctx, []alert.Change{*w}) != nil {
		return false, ctx.Err()
	}
	r.suspects.accepted()
	return true, nil
}
