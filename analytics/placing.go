package analytics

import (
	"context"
	"log/slog"
	"time"
)

// placing is how far the events are with what the operator's ranges say.
type placing struct {
	// said grows with each change of the ranges that asks for something, done is the one that was finished.
	said, done uint64
	// lastError is why it is not; empty when it is under way.
	lastError string
}

const (
	// placingPause is waited after a placing that failed, and twice as long after each further one up to the longest.
	placingPause        = time.Second
	longestPlacingPause = time.Minute
)

// rangesSaid asks for what follows from ranges that were said or taken back.
func (r *Runner) rangesSaid() {
	r.mu.Lock()
	r.placed.said++
	r.mu.Unlock()
	select {
	case r.toPlace <- struct{}{}:
	default:
	}
}

// resumePlacing asks for what an earlier process began and did not finish.
func (r *Runner) resumePlacing(ctx context.Context) error {
	_, places, err := r.placesDue(ctx)
	if err != nil {
		return err
	}
	_, ranges, err := r.rangesDue(ctx)
	if err != nil {
		return err
	}
	if places != 0 || ranges != 0 {
		r.rangesSaid()
	}
	return nil
}

// finishPlacing does what rangesSaid asked for, if anything.
func (r *Runner) finishPlacing(ctx context.Context) error {
	r.placing.Lock()
	defer r.placing.Unlock()
	for {
		r.mu.Lock()
		said, done := r.placed.said, r.placed.done
		r.mu.Unlock()
		if said == done {
			return nil
		}
		err := r.placeEvents(ctx)
		r.mu.Lock()
		if r.placed.lastError = public(err); err == nil {
			r.placed.done = said
		}
		r.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// keepPlaced finishes what is asked for until ctx ends. It is apart from the rounds: what is judged while events are being put elsewhere
// is judged again.
func (r *Runner) keepPlaced(ctx context.Context) {
	pause := placingPause
	for ctx.Err() == nil {
		err := r.finishPlacing(ctx)
		if err == nil {
			pause = placingPause
			select {
			case <-r.toPlace:
			case <-ctx.Done():
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		r.log.WarnContext(ctx, "what was said of addresses is not everywhere yet; it is tried again", slog.Any("error", err), slog.Duration("in", pause))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPlacingPause)
	}
}
