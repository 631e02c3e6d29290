package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// Options for a Runner.
type Options struct {
	Tenant     string
	Detections []Detection
	Store      Store
	Log        *Log
	// Place lets the events that come in lie where the stored ranges of the operator say; when it returns, none that lies where
	// earlier ones said is on its way into the store. Nil where nothing comes in beside the runner.
	Place func(ctx context.Context) error
	// Retention is how long events are kept; 0 for ever.
	Retention time.Duration
	// Applications are names of applications by their integration keys. They are no input of a detection: titles have them.
	Applications map[string]string
	// Interval is how often the clock is looked at for held events and failed evaluations are tried again; 1 s when 0.
	Interval time.Duration
	// Step is the most events of one round; 200,000 when 0. A backlog is worked off in rounds of that size.
	Step       uint64
	Clock      func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Runner keeps the alerts in step with the events.
type Runner struct {
	o       Options
	log     *slog.Logger
	metrics *metrics
	wake    chan struct{}
	// tooMuch names the limit of the engine that an evaluation exceeded.
	tooMuch func(error) string
	// head is the highest sequence of a stored event.
	head atomic.Uint64
	// asked is the sequence of the last recheck; asking is held while one is added.
	asked  atomic.Uint64
	asking sync.Mutex
	// knowing is held while ranges or people are taken in.
	knowing sync.Mutex
	// placing is held while events are put where the ranges say, and taken before knowing; toPlace says that some are to be.
	placing sync.Mutex
	toPlace chan struct{}
	// adopting is held while a detection is taken in or changed.
	adopting sync.Mutex
	// excepting is held while an exception is made or taken back.
	excepting sync.Mutex
	// reevaluating is held by the one re-evaluation that is under way.
	reevaluating chan struct{}

	// called says that alerts have the names that the configuration gives applications.
	called atomic.Bool

	arrived arrivals

	mu sync.Mutex
	// detections that are evaluated, adopted ones after the others. The list is never changed, only replaced.
	detections []*Detection
	state      map[string]*progress
	// lineages are the versions of each detection.
	lineages map[string]*lineage
	// exceptions by detection, removed ones too; a list is never changed, only replaced.
	exceptions map[string][]alert.Exception
	// limitsTold belongs to who evaluates the detection, and is held by mu.
	limitsTold limitsTold
	// unasked are the exceptions, by id, whose recheck is still to be asked for, with its reason.
	unasked map[string]string
	// held is the earliest event time that waits for the clock; zero when none does.
	held time.Time
	// placed is what placing and toPlace are about.
	placed placing
	// begun says that a whole round went well: what was held while no process ran has been released.
	begun bool
	// watermark is the latest event time of what was looked at; held events do not move it.
	watermark time.Time
	// described is how far the contexts of the alerts are: the sequence of an event, and the clock that held events waited for.
	described clickhouse.Checkpoint
	// passed is the watermark up to which the hour after an alert was seen to have passed.
	passed clickhouse.Checkpoint
	// toldOf is the recheck up to which news of the directory went into contexts.
	toldOf clickhouse.Checkpoint
	// describeError is why the contexts are behind; empty when they are not.
	describeError string
}

// progress of one detection.
type progress struct {
	clickhouse.Checkpoint
	// rechecked is how far it is in the rechecks.
	rechecked clickhouse.Checkpoint
	// followed is how far it is in the log of the alerts that it reads.
	followed clickhouse.Checkpoint
	// failures in a row, and when it is tried again after them.
	failures  int
	notBefore time.Time
	// took is what its last step took.
	took      time.Duration
	lastError string
	// postponed are the subjects that were too much for the engine.
	postponed map[clickhouse.Subject]*postponed
}

// New creates the views of all detections and reads how far each has come.
func New(ctx context.Context, o Options) (*Runner, error) {
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.Step == 0 {
		o.Step = 200_000
	}
	named := make(map[string]string, len(o.Applications))
	for key, name := range o.Applications {
		named[strings.ToLower(key)] = name
	}
	o.Applications = named
	if err := o.retainsPresent(); err != nil {
		return nil, err
	}
	r := &Runner{o: o, tooMuch: clickhouse.Limit, log: o.Logger, wake: make(chan struct{}, 1), toPlace: make(chan struct{}, 1), state: map[string]*progress{}, lineages: map[string]*lineage{}, exceptions: map[string][]alert.Exception{}, unasked: map[string]string{}, limitsTold: limitsTold{}, reevaluating: make(chan struct{}, 1)}
	r.metrics = newMetrics(o.Registerer, func() float64 { return float64(r.Status().Pending) })
	views := make([]clickhouse.View, len(o.Detections))
	var names []string
	for i := range o.Detections {
		d := &o.Detections[i]
		r.detections = append(r.detections, d)
		views[i] = d.view()
		names = append(names, r.checkpointName(d.ID), r.recheckName(d.ID), r.followName(d.ID))
	}
	if err := o.Store.DefineDetections(ctx, views); err != nil {
		return nil, fmt.Errorf("analytics: detections: %w", err)
	}
	reached, err := o.Store.LoadCheckpoints(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("analytics: how far the detections are: %w", err)
	}
	for _, d := range r.detections {
		r.state[d.ID] = &progress{Checkpoint: reached[r.checkpointName(d.ID)], rechecked: reached[r.recheckName(d.ID)], followed: reached[r.followName(d.ID)]}
	}
	if err := r.loadVersions(ctx); err != nil {
		return nil, err
	}
	if err := r.retainsVersions(); err != nil {
		return nil, err
	}
	if err := r.loadDescribed(ctx); err != nil {
		return nil, err
	}
	if err := r.loadPostponed(ctx); err != nil {
		return nil, err
	}
	asked, err := o.Store.LastRecheck(ctx)
	if err != nil {
		return nil, fmt.Errorf("analytics: rechecks: %w", err)
	}
	r.asked.Store(asked)
	if err := r.finishReevaluations(ctx); err != nil {
		return nil, err
	}
	if err := r.loadExceptions(ctx); err != nil {
		return nil, err
	}
	head, err := o.Store.LastEventSequence(ctx)
	if err != nil {
		return nil, fmt.Errorf("analytics: %w", err)
	}
	r.head.Store(head)
	if err := r.findArrivals(ctx, head); err != nil {
		return nil, err
	}
	if r.watermark, err = o.Store.Watermark(ctx, o.Tenant, r.line()); err != nil {
		return nil, fmt.Errorf("analytics: watermark: %w", err)
	}
	if err := r.resumePlacing(ctx); err != nil {
		return nil, err
	}
	if err := r.recheckPeople(ctx); err != nil {
		return nil, err
	}
	return r, r.findHeld(ctx, r.line())
}

func (r *Runner) checkpointName(detection string) string {
	return "analysis/" + r.o.Tenant + "/" + detection
}

// Committed tells the runner that events up to the sequence are stored. It MUST be called before the events are
// acknowledged, so that a client that was acknowledged sees them as pending.
func (r *Runner) Committed(sequence uint64) {
	for {
		head := r.head.Load()
		if sequence <= head || r.head.CompareAndSwap(head, sequence) {
			break
		}
	}
	r.arrived.note(sequence, r.line())
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// findArrivals looks for when the events came in that a process before did not come to.
func (r *Runner) findArrivals(ctx context.Context, head uint64) error {
	least := head
	for _, p := range r.state {
		least = min(least, p.Position)
	}
	if least == head {
		return nil
	}
	first, err := r.o.Store.FirstArrival(ctx, r.o.Tenant, least)
	if err == nil && !first.IsZero() {
		r.arrived.note(head, first)
	} else if err != nil {
		err = fmt.Errorf("analytics: when the first event that waits came in: %w", err)
	}
	return err
}

// line is the clock, which held events wait for.
func (r *Runner) line() time.Time { return r.o.Clock().UTC() }

// findHeld looks for what was held when the clock was at line: that of a round, because what falls due while it runs is for the next.
func (r *Runner) findHeld(ctx context.Context, line time.Time) error {
	held, err := r.o.Store.EarliestHeld(ctx, r.o.Tenant, line)
	if err != nil {
		return fmt.Errorf("analytics: held events: %w", err)
	}
	r.mu.Lock()
	r.held = held
	r.mu.Unlock()
	return nil
}

// Run evaluates until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	var describing sync.WaitGroup
	defer describing.Wait()
	analysed := make(chan struct{}, 1)
	describing.Go(func() { r.keepDescribed(ctx, analysed) })
	describing.Go(func() { r.keepPlaced(ctx) })
	tick := time.NewTicker(r.o.Interval)
	defer tick.Stop()
	for {
		for again := true; again; { // after every round: with events all the time there is no end of them
			again = r.behind() && r.round(ctx)
			select {
			case analysed <- struct{}{}:
			default:
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-tick.C:
		}
	}
}
