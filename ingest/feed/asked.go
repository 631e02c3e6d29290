package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// minRefresh lies between the end of a fetch by hand and the next one: publishers lock out who asks without a pause. Only a first
	// confirmation needs no pause: it is of what was just fetched.
	minRefresh = 30 * time.Second
	// confirmationLife is how long a confirmation waits for a copy that can be fetched.
	confirmationLife = time.Hour
)

// ErrNothingHeld is Confirm where there is nothing to confirm.
var ErrNothingHeld = errors.New("nothing is held")

// ErrEnded is what is asked of a feed whose Run has ended.
var ErrEnded = errors.New("the feed has ended")

// TooSoonError is Refresh shortly after a fetch by hand, or Confirm shortly after one that failed.
type TooSoonError struct{ After time.Duration }

// Error says when to come again.
func (e *TooSoonError) Error() string {
	return fmt.Sprintf("it was asked for less than %s ago; ask again in %s", minRefresh, e.After.Round(time.Second))
}

// asks are what Run is asked to do between its own attempts. All who ask for the same while it waits or is under way share it.
type asks struct {
	mu               sync.Mutex
	refresh, confirm *ask
	// fetched is when the last fetch by hand ended, and unconfirmed when the last one of a Confirm failed.
	fetched, unconfirmed time.Time
	ended                bool
}

type ask struct {
	done chan struct{}
	// err may be read when done is closed.
	err error
}

// Refresh lets Run fetch now, whether the copy is a new one or not, and waits for it; that ctx ends does not end the fetch. The
// error is a *Failure, a *TooSoonError, ErrEnded, or that of ctx.
func (f *Feed) Refresh(ctx context.Context) error {
	return f.ask(ctx, &f.asks.refresh, func() error { return f.pause(f.asks.fetched) })
}

// pause is a *TooSoonError shortly after a fetch.
func (f *Feed) pause(since time.Time) error {
	if wait := since.Add(minRefresh).Sub(f.o.Now()); wait > 0 && wait <= minRefresh {
		return &TooSoonError{wait}
	}
	return nil
}

// Confirm says that the copy which is held is right, and lets Run fetch it again: as long as it has about as many entries, it is
// taken in. The error is ErrNothingHeld, or one of Refresh.
func (f *Feed) Confirm(ctx context.Context) error {
	return f.ask(ctx, &f.asks.confirm, func() error { return f.pause(f.asks.unconfirmed) })
}

// ask joins those who ask for the same, or is the first of them if it may.
func (f *Feed) ask(ctx context.Context, which **ask, may func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.asks.mu.Lock()
	a := *which
	if a == nil {
		err := may()
		if f.asks.ended {
			err = ErrEnded
		}
		if err != nil {
			f.asks.mu.Unlock()
			return err
		}
		a = &ask{done: make(chan struct{})}
		*which = a
	}
	f.asks.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer does what is asked.
func (f *Feed) answer(ctx context.Context) {
	f.answerOne(ctx, &f.asks.confirm, func() error {
		err := f.confirm(ctx)
		if !errors.Is(err, ErrNothingHeld) {
			f.fetchedByHand(err != nil)
		}
		return err
	})
	f.answerOne(ctx, &f.asks.refresh, func() error {
		err := f.attempt(ctx, true)
		f.fetchedByHand(false)
		return err
	})
}

// fetchedByHand notes when the publisher was asked.
func (f *Feed) fetchedByHand(unconfirmed bool) {
	f.asks.mu.Lock()
	defer f.asks.mu.Unlock()
	f.asks.fetched = f.o.Now()
	if unconfirmed {
		f.asks.unconfirmed = f.asks.fetched
	}
}

func (f *Feed) answerOne(ctx context.Context, which **ask, do func() error) {
	f.asks.mu.Lock()
	a := *which
	f.asks.mu.Unlock()
	if a == nil || ctx.Err() != nil { // end answers
		return
	}
	err := do()
	if err != nil && ctx.Err() != nil {
		err = ErrEnded
	}
	f.asks.mu.Lock()
	defer f.asks.mu.Unlock()
	*which, a.err = nil, err
	close(a.done)
}

// end lets nobody wait for a feed that does nothing more.
func (f *Feed) end() {
	f.asks.mu.Lock()
	defer f.asks.mu.Unlock()
	f.asks.ended = true
	for _, a := range []*ask{f.asks.confirm, f.asks.refresh} {
		if a != nil {
			a.err = ErrEnded
			close(a.done)
		}
	}
	f.asks.confirm, f.asks.refresh = nil, nil
}

func (f *Feed) confirm(ctx context.Context) error {
	var nothing bool
	f.state.change(func(s *state) {
		if nothing = s.k.Held == nil; !nothing {
			n := s.k.Held.Entries
			s.k.Confirmed, s.k.ConfirmedAt = &n, f.o.Now().UTC()
		}
	})
	if nothing {
		return ErrNothingHeld
	}
	if err := f.store(ctx); err != nil {
		f.state.change(func(s *state) { s.k.unconfirm() })
		return err
	}
	return f.attempt(ctx, true)
}
