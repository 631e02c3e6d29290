package exporters

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Runner delivers the alert log to one destination, in the order of the log and at least once: the cursor is stored
// after the receiver accepted. It never gives up by time.
type Runner struct {
	o Options
	m metrics

	stopping, aborting context.Context // done when Stop was called, and when its patience was at an end
	stop, abort        context.CancelFunc
	done               chan struct{}
	begun              atomic.Bool

	mu       sync.Mutex
	farewell context.Context // bounds the Close of the exporter; nil before Stop
	state    state

	// pacer allows changes; nil without a limit.
	pacer *rate.Limiter

	// asked says that letters may wait to be sent again; wake interrupts the wait for the log, and resumed the one after a failure.
	asked         atomic.Bool
	wake, resumed chan struct{}
	letters       letters
	trials        chan trial

	// position is the sequence up to which nothing is left to do.
	position atomic.Uint64

	// The rest belongs to Run alone.
	read      uint64         // the last sequence that came from the log
	queue     []alert.Change // what came from the log, is wanted and not settled, in order
	express   []alert.Change // what is sent before the queue, in order; nothing is read while there is any
	replays   []alert.Change // versions of alerts whose dead letters are sent again; nothing is read while there are any
	replayed  bool           // whether the last batch was of replays, so that the queue has its turn
	scouted   uint64         // up to where severe changes were looked for
	known     map[string]known
	suspects  suspects
	witnesses []alert.Change          // what was taken lately, as it was told, the last at the end
	heldBack  bool                    // whether it was logged that historical alerts are not sent
	passed    map[string]alert.Change // of alerts with a version that waits, the last that was not sent because of it
	refused   map[uint64]bool         // sequences of express changes that became dead letters, until they are read
	queued    time.Time               // when the first of queue was read
	limit     int                     // the most changes to send at once; small while a change at fault is searched for
	until     uint64                  // while stopping: the sequence to end behind
	stored    uint64                  // the cursor as stored
	storedAt  time.Time
	keptAt    time.Time
	beatAt    time.Time // when the next heartbeat is due
}

// NewRunner returns a runner for one destination, to be run once. The error names each missing or impossible option.
func NewRunner(o Options) (*Runner, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	r := &Runner{o: o, done: make(chan struct{}), wake: make(chan struct{}, 1), resumed: make(chan struct{}, 1), trials: make(chan trial, 1), limit: o.BatchChanges, known: map[string]known{}, passed: map[string]alert.Change{}, suspects: suspects{doubted: map[uint64]bool{}}, refused: map[uint64]bool{}}
	r.stopping, r.stop = context.WithCancel(context.Background())
	r.aborting, r.abort = context.WithCancel(context.Background())
	if o.MaxPerSecond > 0 {
		r.pacer = rate.NewLimiter(rate.Limit(o.MaxPerSecond), o.MaxPerSecond)
	}
	r.state.begin(o.Name, o.Exporter.Kind())
	if err := r.m.register(o.Registerer, o.Name, r.Status); err != nil {
		return nil, fmt.Errorf("exporters: registering the metrics of destination %q: %w", o.Name, err)
	}
	return r, nil
}

// Run delivers until Stop, and then returns nil, or until ctx is done, and then returns its error at once; what was
// accepted but not yet recorded is then sent again by the next run. It closes the exporter. It MUST be called once.
func (r *Runner) Run(ctx context.Context) error {
	if r.begun.Swap(true) {
		if r.stopping.Err() != nil {
			return nil
		}
		return fmt.Errorf("exporters: the runner of destination %q was run before; a new one is needed", r.o.Name)
	}
	defer close(r.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.aborting, cancel)()

	err := r.run(ctx)
	if r.stopping.Err() != nil {
		err = nil
	}
	return errors.Join(err, r.close(ctx))
}

func (r *Runner) run(ctx context.Context) error {
	r.beatAt = time.Now()
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.asked.Store(true) // what was asked for before the start is stored
	for {
		r.tryWaiting(ctx)
		r.beat(ctx)
		if err := r.takeReplays(ctx); err != nil {
			return err
		}
		if len(r.express)+len(r.replays) == 0 {
			if err := r.fill(ctx); err != nil {
				return err
			}
		}
		if len(r.express)+len(r.replays)+len(r.queue) > 0 {
			if err := r.deliver(ctx); err != nil {
				return err
			}
			continue
		}
		if r.stopping.Err() != nil {
			return r.storeCursor(ctx)
		}
		if r.asked.Load() {
			continue
		}
		if err := r.idle(ctx); err != nil {
			return err
		}
	}
}

// Stop lets the runner deliver what the log holds now, with one attempt for each batch, and waits for it. When ctx ends
// before, it ends the run at once and returns an error; nothing is lost by that.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	if r.farewell == nil {
		r.farewell = ctx
	}
	r.mu.Unlock()
	r.stop()
	if !r.begun.Swap(true) {
		defer close(r.done)
		return r.close(ctx)
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	}
	r.abort()
	<-r.done
	return fmt.Errorf("exporters: destination %q: stopped with %d %ss not delivered; they are sent after the next start: %w",
		r.o.Name, r.pending(), r.o.lane.thing(), context.Cause(ctx))
}

// closeTimeout bounds the farewell to the receiver when Run was cancelled rather than stopped.
const closeTimeout = time.Second

func (r *Runner) close(ctx context.Context) error {
	r.mu.Lock()
	farewell := r.farewell
	r.mu.Unlock()
	if farewell == nil {
		var cancel context.CancelFunc
		farewell, cancel = context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
	}
	if err := r.o.Exporter.Close(farewell); err != nil {
		return fmt.Errorf("exporters: closing destination %q: %w", r.o.Name, err)
	}
	return nil
}

// pending is the number of changes in the log behind the position, whether they will be sent or not.
func (r *Runner) pending() uint64 {
	position := r.position.Load()
	return max(r.o.Log.Head(), position) - position
}
