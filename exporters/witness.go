package exporters

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// A witness is what the receiver took last, as it was told. When a change is refused alone and no other is there to compare it with, the
// witness is sent once more: a receiver that takes it, and still refuses the other, says that the other is at fault; one that refuses what
// it took before is at fault itself. It is a repetition, with the same id and sequence.

// vouch notes what the receiver took.
func (r *Runner) vouch(batch []alert.Change) {
	if r.o.lane.sparse() || len(batch) == 0 {
		return // of an event nothing is kept when it is settled
	}
	last := batch[len(batch)-1]
	r.witness = &last
}

// canTestify says whether there is a witness that may be repeated: the last version of its alert that was sent.
func (r *Runner) canTestify() bool {
	if r.witness == nil {
		return false
	}
	k := r.known[r.witness.ID]
	return k.delivered && !k.waits && k.Sequence == r.witness.Sequence
}

// testify says whether the receiver takes the witness again.
func (r *Runner) testify(ctx context.Context) (taken bool, err error) {
	if !r.canTestify() {
		return false, nil
	}
	if err := r.rest(ctx); err != nil {
		return false, err
	}
	if err := r.pace(ctx, 1); err != nil {
		return false, err
	}
	if r.export(ctx, []alert.Change{*r.witness}) != nil {
		return false, ctx.Err()
	}
	r.suspects.accepted()
	return true, nil
}
