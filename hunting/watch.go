package hunting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// What a reader of a result may take, beside the limit on the hunt's duration. A hunt keeps its place while its reader takes the result, so
// that without these a few readers that take nothing would turn hunting off for everybody.
const (
	defaultStall = 20 * time.Second
	defaultGrace = 10 * time.Second
	// endGrace is how long a hunt that was ended has to notice it.
	endGrace = time.Second
)

// errOverdue is the cause of a context whose hunt had all the time that there is.
var errOverdue = errors.New("the hunt's time is over")

// ended is how a hunt's work ended.
type ended struct {
	err      error
	panicked string
}

// placed takes a place, does the work, and gives the place back when the work has ended, or when it was given up: because the caller went,
// because the reader took nothing for too long, or because the hunt had its duration and a grace. cut, where there is one, ends a write that
// waits for the reader; without it the work may go on waiting until the call ends, but passes nothing on any more.
func (r *run) placed(ctx context.Context, cut func(), work func(context.Context) error) error {
	release, err := r.slots.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil) // the engine ends the query when nobody reads it
	if r.limits.Duration > 0 {
		over := time.AfterFunc(r.limits.Duration+cmp.Or(r.o.Grace, defaultGrace), func() { cancel(errOverdue) })
		defer over.Stop()
	}
	done := make(chan ended, 1)
	go func() {
		var e ended
		// A panic belongs to the call, not to the process.
		defer func() {
			if p := recover(); p != nil {
				e.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- e
		}()
		e.err = work(ctx)
	}()
	err = r.attend(ctx, done)
	if r.givenUp.Load() {
		cancel(nil)
		r.leave(done, cut)
	}
	return err
}

// attend waits for the end of the work, or gives it up.
func (r *run) attend(ctx context.Context, done <-chan ended) error {
	result := func(e ended) error {
		if e.panicked != "" {
			panic(e.panicked) //nolint:forbidigo // the one of the work, for whoever counts it and writes its stack
		}
		if e.err != nil && errors.Is(context.Cause(ctx), errOverdue) {
			return r.overdue()
		}
		return e.err
	}
	stall := cmp.Or(r.o.Stall, defaultStall)
	// Twice in each period, so that a reader has one whole period at least.
	tick := time.NewTicker(stall / 2)
	defer tick.Stop()
	last, same := uint64(0), 0
	for {
		select {
		case e := <-done:
			return result(e)
		case <-ctx.Done():
			select {
			case e := <-done:
				return result(e)
			case <-time.After(endGrace):
			}
			r.givenUp.Store(true)
			if errors.Is(context.Cause(ctx), errOverdue) {
				return r.overdue()
			}
			return ctx.Err()
		case <-tick.C:
			// Odd while a piece is with the reader.
			n := r.passed.Load()
			if n%2 == 0 || n != last {
				last, same = n, 0
				continue
			}
			if same++; same < 2 {
				continue
			}
			r.givenUp.Store(true)
			return fault.New(fault.ReaderStalled, "the result was ended because its reader took nothing for %v; others wait for the place", stall)
		}
	}
}

func (r *run) overdue() error {
	return fault.New(fault.LimitExceeded, "the hunt was ended %v after the limit of %v on its duration (hunting.maxDuration): its reader had not taken the result by then", cmp.Or(r.o.Grace, defaultGrace), r.limits.Duration)
}

// leave ends a write that waits for the reader, where that can be done from outside.
func (r *run) leave(done <-chan ended, cut func()) {
	if cut == nil {
		return
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		// More than once: a write that begins meanwhile sets a deadline of its own.
		cut()
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// pass gives a piece to the reader, and refuses when the hunt was given up.
func (r *run) pass(piece func() error) error {
	if r.givenUp.Load() {
		return context.Canceled
	}
	r.passed.Add(1)
	defer r.passed.Add(1)
	return piece()
}

// Cutter is a sink whose call that waits for its reader can be ended. Query returns when no call is under way any more; of another sink a
// call may be, when its reader takes nothing.
type Cutter interface{ Cut() }

// count changes the summary, which whoever gave the hunt up may read meanwhile.
func (r *run) count(change func(*hunt.Summary)) {
	r.counting.Lock()
	defer r.counting.Unlock()
	change(&r.summary)
}

// counted is the summary so far.
func (r *run) counted() hunt.Summary {
	r.counting.Lock()
	defer r.counting.Unlock()
	return r.summary
}
