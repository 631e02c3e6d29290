package hunting

import (
	"context"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// slots bound the hunts that run and those that wait.
type slots struct {
	running, waiting chan struct{}
	patience         time.Duration
}

// waitingPerSlot is how many hunts may wait for each that may run: a dashboard asks a dozen questions at once.
const waitingPerSlot = 8

func newSlots(n int, patience time.Duration) *slots {
	return &slots{running: make(chan struct{}, n), waiting: make(chan struct{}, n*waitingPerSlot), patience: patience}
}

// take waits for a place.
func (s *slots) take(ctx context.Context) (release func(), err error) {
	full := func() error {
		f := fault.New(fault.TooManyHunts, "%d hunts are running, which is the most at a time, and this one has waited for %v in vain: try again, or let hunting.concurrency allow more", cap(s.running), s.patience)
		f.RetryAfter = time.Second
		return f
	}
	select {
	case s.running <- struct{}{}:
		return func() { <-s.running }, nil
	default:
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		f := fault.New(fault.TooManyHunts, "%d hunts are running and %d wait, which is the most: try again later", cap(s.running), cap(s.waiting))
		f.RetryAfter = time.Second
		return nil, f
	}
	patience := time.NewTimer(s.patience)
	defer patience.Stop()
	select {
	case s.running <- struct{}{}:
		return func() { <-s.running }, nil
	case <-patience.C:
		return nil, full()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
