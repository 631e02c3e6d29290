package analytics

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Store is what the analysis needs of the database; *clickhouse.DB is one.
type Store interface {
	LastEventSequence(ctx context.Context) (uint64, error)
	Watermark(ctx context.Context, tenant string, line time.Time) (time.Time, error)
	EarliestHeld(ctx context.Context, tenant string, line time.Time) (time.Time, error)
	ChangedSpans(ctx context.Context, q clickhouse.SpanQuery) ([]clickhouse.Span, error)
	Affected(ctx context.Context, detection, text, tenant string, changed map[string][]string, first, last, line time.Time, arguments []clickhouse.Argument) ([]clickhouse.Span, error)
	AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error
	LastRecheck(ctx context.Context) (uint64, error)
	Rechecks(ctx context.Context, tenant string, after uint64) ([]clickhouse.Recheck, error)
	Postponed(ctx context.Context, tenant string) ([]clickhouse.Recheck, error)
	AddRanges(ctx context.Context, ranges []intelligence.Range) error
	RemoveRanges(ctx context.Context, tenant, source string, prefixes []netip.Prefix) (int, error)
	RebuildNetworks(ctx context.Context) error
	RebuildPlacements(ctx context.Context) error
	RangesChanged(ctx context.Context, tenant string, after uint64) (uint64, error)
	PlacesChanged(ctx context.Context, tenant string, after uint64) (bool, error)
	SubjectsOfPlaces(ctx context.Context, tenant string, after uint64) ([]clickhouse.Span, error)
	Misplaced(ctx context.Context, tenant string) (uint64, error)
	PlaceEvents(ctx context.Context, tenant string) error
	PendingRechecks(ctx context.Context, tenant, reason string, after uint64) ([]clickhouse.Recheck, error)
	UsersOfRanges(ctx context.Context, tenant string, after uint64) ([]clickhouse.Span, error)
	AddPeople(ctx context.Context, states []directory.State) error
	IndexLeavers(ctx context.Context, tenant string) error
	PeopleChanges(ctx context.Context, tenant string, after uint64) ([]clickhouse.PersonChange, error)
	UsersOfPeople(ctx context.Context, tenant string, keys []string, since time.Time) ([]clickhouse.Span, error)
	SubjectsBetween(ctx context.Context, tenant string, types []string, from, to time.Time) ([]clickhouse.Span, error)
	DefineDetection(ctx context.Context, id, text string, values []clickhouse.Argument) error
	DropDetections(ctx context.Context, ids []string) error
	DetectionVersions(ctx context.Context, tenant string) ([]alert.DetectionVersion, error)
	AddDetectionVersions(ctx context.Context, tenant string, all []alert.DetectionVersion) error
	Findings(ctx context.Context, c clickhouse.Call) ([]alert.Finding, error)
	EachFinding(ctx context.Context, c clickhouse.Call, each func(alert.Finding) error) error
	EventDays(ctx context.Context, tenant string, from, to time.Time) ([]clickhouse.EventDay, error)
	AlertsAnchored(ctx context.Context, tenant, detection string, from, to time.Time) ([]alert.Alert, error)
	RecheckReasons(ctx context.Context, tenant, prefix string) (map[[2]string]bool, error)
	Candidates(ctx context.Context, c clickhouse.Call) ([]string, error)
	Exceptions(ctx context.Context, tenant string) ([]alert.Exception, error)
	StoreException(ctx context.Context, e alert.Exception) error
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
	AlertsOfSubjects(ctx context.Context, tenant, detection string, subjects []string) ([]alert.Alert, error)
	AlertsBeyond(ctx context.Context, tenant, detection string, from, to time.Time) (clickhouse.Beyond, error)
	AlertsRanked(ctx context.Context, tenant, detection string, from, to time.Time, limit int) ([]alert.Alert, error)
	AlertsByID(ctx context.Context, tenant string, ids []string) ([]alert.Alert, error)
	AlertsDue(ctx context.Context, tenant string, subjects []string, first, last, passed, watermark time.Time, limit int) ([]alert.Alert, error)
	Circumstances(ctx context.Context, tenant string, line time.Time, findings []*alert.Finding) ([]*alert.Context, error)
	HoursSeen(ctx context.Context, tenant string, line, from, to time.Time) ([]time.Time, error)
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
	AlertsMentioning(ctx context.Context, tenant string, users []string, limit int) ([]alert.Alert, error)
	NamesInEvents(ctx context.Context, tenant string, line time.Time, users, applications []string, first, last time.Time) (map[string]alert.Named, error)
	LoadCheckpoint(ctx context.Context, name string) (clickhouse.Checkpoint, bool, error)
	StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error
}

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
	for i := range o.Detections {
		d := &o.Detections[i]
		r.detections = append(r.detections, d)
		if err := o.Store.DefineDetection(ctx, d.ID, d.SQL, d.arguments()); err != nil {
			return nil, fmt.Errorf("analytics: detection %s: %w", d.ID, err)
		}
		c, _, err := o.Store.LoadCheckpoint(ctx, r.checkpointName(d.ID))
		if err != nil {
			return nil, fmt.Errorf("analytics: detection %s: %w", d.ID, err)
		}
		again, _, err := o.Store.LoadCheckpoint(ctx, r.recheckName(d.ID))
		if err != nil {
			return nil, fmt.Errorf("analytics: detection %s: %w", d.ID, err)
		}
		r.state[d.ID] = &progress{Checkpoint: c, rechecked: again}
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

// maxConcurrent is how many detections are evaluated at once. More would only slow each other down on two cores.
const maxConcurrent = 2

// quickestFirst are the detections in the order of what their last steps took, so that an alert waits for no slower view.
func (r *Runner) quickestFirst() []*Detection {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.detections)
	slices.SortStableFunc(all, func(a, b *Detection) int { return cmp.Compare(r.state[a.ID].took, r.state[b.ID].took) })
	return all
}

// checkpointPatience bounds the storing of checkpoints.
const checkpointPatience = 5 * time.Second

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
	select {
	case r.wake <- struct{}{}:
	default:
	}
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

// allWaiting says whether every detection waits to be tried again; r.mu is held.
func (r *Runner) allWaiting() bool {
	now := time.Now()
	for _, p := range r.state {
		if !now.Before(p.notBefore) {
			return false
		}
	}
	return true
}

// behind says whether there is something to do.
func (r *Runner) behind() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun && len(r.state) > 0 && !r.allWaiting() || !r.held.IsZero() && !r.held.After(r.line()) || len(r.unasked) > 0 {
		return true
	}
	now := time.Now()
	for _, p := range r.state {
		if now.Before(p.notBefore) {
			continue
		}
		if p.Position < r.head.Load() || p.rechecked.Position < r.asked.Load() || len(p.dueAgain(now)) > 0 {
			return true
		}
	}
	return false
}

// round takes every detection one step further and says whether all went well. The detections run side by side: most of
// the time of a small round goes into the planning of their views.
func (r *Runner) round(ctx context.Context) bool {
	start := time.Now()
	line := r.line()
	unasked := r.askExceptions(ctx)
	if unasked != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "analysis: who an exception covers cannot be looked at yet; it is tried again", slog.Any("error", unasked))
	}
	r.retireSpent(ctx)
	wider := r.wider()
	todo := make(map[string]clickhouse.SpanQuery)
	changed := make(map[clickhouse.SpanQuery][]clickhouse.Span)
	now := time.Now()
	waiting := 0
	r.mu.Lock()
	release := !r.begun || !r.held.IsZero() && !r.held.After(line)
	for id, p := range r.state {
		if now.Before(p.notBefore) {
			waiting++
			continue
		}
		todo[id] = clickhouse.SpanQuery{Tenant: r.o.Tenant, After: p.Position, Upto: min(r.head.Load(), p.Position+r.o.Step), Release: release, Released: p.Line, Line: line, Wider: wider}
	}
	r.mu.Unlock()
	failed := make(map[clickhouse.SpanQuery]error)
	for _, q := range todo { // most detections are at the same place
		if _, asked := changed[q]; !asked {
			changed[q], failed[q] = r.changed(ctx, q)
		}
	}
	var side errgroup.Group
	side.SetLimit(maxConcurrent)
	var mu sync.Mutex
	done := make(map[string]clickhouse.Checkpoint)
	for _, d := range r.quickestFirst() {
		q, due := todo[d.ID]
		if !due {
			continue
		}
		side.Go(func() error {
			begun := time.Now()
			err := failed[q]
			if err == nil {
				err = r.step(ctx, d, changed[q], line)
			}
			r.mu.Lock()
			r.state[d.ID].took = time.Since(begun)
			r.mu.Unlock()
			if err == nil {
				err = r.recheck(ctx, d, line)
			}
			if err == nil {
				err = r.tryAgain(ctx, d, line)
			}
			r.note(ctx, d, err)
			if err == nil {
				mu.Lock()
				done[d.ID] = clickhouse.Checkpoint{Position: q.Upto, Line: line}
				mu.Unlock()
			}
			return nil
		})
	}
	_ = side.Wait() // every error is noted with its detection
	ok := len(done) == len(todo)
	if len(done) > 0 && r.store(ctx, done) != nil {
		return false
	}
	err := r.findHeld(ctx, line)
	if err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "analysis: held events cannot be looked up", slog.Any("error", err))
	}
	r.mu.Lock()
	// Until it is known which events are held, and while a detection has not released those that were due, rounds go on.
	r.begun = err == nil && ok && waiting == 0
	r.mu.Unlock()
	ok = ok && err == nil && unasked == nil
	r.metrics.rounds.Observe(time.Since(start).Seconds())
	return ok
}

// store keeps how far the detections have come. The alerts are stored already: what is lost here is evaluated again,
// which changes nothing.
func (r *Runner) store(ctx context.Context, done map[string]clickhouse.Checkpoint) error {
	named := make(map[string]clickhouse.Checkpoint, len(done))
	r.mu.Lock()
	for id, c := range done {
		c.Version = r.state[id].Version + 1
		done[id] = c
		named[r.checkpointName(id)] = c
	}
	r.mu.Unlock()
	// also when the service stops meanwhile: it would only be done again
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkpointPatience)
	defer cancel()
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), named); err != nil {
		r.log.WarnContext(ctx, "analysis: checkpoints cannot be stored", slog.Any("error", err))
		for id := range done {
			r.mu.Lock()
			r.state[id].lastError = public(err)
			r.mu.Unlock()
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range done {
		r.state[id].Checkpoint = c
	}
	return nil
}

// firstPause and longestPause bound the time until a detection that failed is tried again.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

func (r *Runner) note(ctx context.Context, d *Detection, err error) {
	if err != nil && ctx.Err() == nil {
		r.log.ErrorContext(ctx, "analysis: a detection could not be evaluated; it is tried again", slog.String("detection", d.ID), slog.Any("error", err))
		r.metrics.errors.WithLabelValues(d.ID).Inc()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.state[d.ID]
	p.lastError = public(err)
	if err == nil {
		p.failures, p.notBefore = 0, time.Time{}
		return
	}
	p.notBefore = time.Now().Add(min(longestPause, firstPause<<min(p.failures, 10)))
	p.failures++
}
