package analytics

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// BacktestStore is what a backtest needs of the database; *clickhouse.DB is one.
type BacktestStore interface {
	EachFinding(ctx context.Context, c clickhouse.Call, each func(alert.Finding) error) error
	Candidates(ctx context.Context, c clickhouse.Call) ([]string, error)
	EventDays(ctx context.Context, tenant string, from, to time.Time) ([]clickhouse.EventDay, error)
	CountEventsOf(ctx context.Context, tenant string, users []string) (uint64, error)
	InputCounts(ctx context.Context, tenant string, from, to time.Time) (map[clickhouse.Input]clickhouse.InputCount, error)
	UnknownActivities(ctx context.Context, since time.Time) ([]status.UnknownActivity, error)
}

// BacktestOptions for a Backtester.
type BacktestOptions struct {
	Tenant      string
	Definitions []Definition
	// Tuning in force.
	Tuning map[string]Tuning
	// Off says why a detection is off, by id.
	Off   map[string]string
	Store BacktestStore
	// Clock says until when events are held.
	Clock func() time.Time
	// Exceptions of a detection, and the directory that scopes by group ask; nil means none.
	Exceptions func(detection string) []alert.Exception
	People     People
	// Adopted are detections beside the Definitions, as they are now; nil means none.
	Adopted func() []Detection
	// Tell says who those are of whom findings tell by an id, in their order; nil means that ids stay.
	Tell func(ctx context.Context, findings []*alert.Finding) ([]*alert.Context, error)
	// SliceEvents is about how many events one evaluation reads at most; 12,000,000 when 0. What comes before a slice is read again for it.
	SliceEvents uint64
	// MaxMemory is the most memory of one evaluation, in bytes, so that a backtest takes none from the live analysis; one that needs more is
	// cut in two. 0 is as much as any statement may have.
	MaxMemory uint64
}

// Backtester evaluates detections over the stored events and stores nothing.
type Backtester struct {
	o BacktestOptions
	// present are all detections with the values in force, disabled ones too.
	present []Detection
	// turn is held by the one backtest that is under way.
	turn chan struct{}
	// tooMuch says whether an evaluation failed for want of memory.
	tooMuch func(error) bool
}

// NewBacktester checks the tuning.
func NewBacktester(o BacktestOptions) (*Backtester, error) {
	if o.SliceEvents == 0 {
		o.SliceEvents = 12_000_000
	}
	present, err := Tune(o.Definitions, everyOne(o.Tuning))
	if err != nil {
		return nil, err
	}
	return &Backtester{o: o, present: present, turn: make(chan struct{}, 1), tooMuch: clickhouse.IsMemoryLimit}, nil
}

// Backtest evaluates what the request asks for and calls progress as it gets on and result for each detection that is
// done; an error of either ends it. One backtest runs at a time; another waits, but not for a receiver. What is wrong with a request comes back
// as fault.InvalidArgument with all its problems.
func (b *Backtester) Backtest(ctx context.Context, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	trials, err := b.trials(q)
	if err != nil {
		return err
	}
	return b.relay(ctx, q, trials, progress, result)
}

// Compare evaluates a detection that is not in force beside the one whose place it would take, or beside none; of the request times and examples count.
func (b *Backtester) Compare(ctx context.Context, proposed Detection, present *Detection, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		return fault.New(fault.InvalidArgument, "endTime: %s is not after startTime %s", q.To.Format(time.RFC3339), q.From.Format(time.RFC3339))
	}
	t := trial{present: proposed, proposed: proposed, absent: present == nil}
	if present != nil {
		t.present, t.differs = *present, true
	}
	return b.relay(ctx, q, []trial{t}, progress, result)
}

func (b *Backtester) relay(ctx context.Context, q alert.BacktestRequest, trials []trial, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	return relay(ctx, progress, result, func(ctx context.Context, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
		return b.backtest(ctx, q, trials, progress, result)
	})
}

func (b *Backtester) backtest(ctx context.Context, q alert.BacktestRequest, trials []trial, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	from, to, first, err := b.plan(ctx, q, trials)
	if err != nil {
		return err
	}
	said := &score{trials: trials, counters: make([]*counter, len(trials)), from: from, to: to, blind: &blindness{b: b, from: from, to: to, first: first}, progress: progress, result: result, examples: cmp.Or(q.Examples, usualExamples), tell: b.o.Tell}
	for i := range trials {
		for _, s := range trials[i].slices {
			said.all += float64(s.events)
		}
	}
	// each detection is planned and read alone for a part of its time, in which one thread works
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(detectionsAtOnce)
	for i := range trials {
		work.Go(func() error { return b.try(ctx, i, said) })
	}
	return work.Wait()
}

// try evaluates the i-th detection of a backtest.
func (b *Backtester) try(ctx context.Context, i int, said *score) error {
	t := &said.trials[i]
	n := newCounter(t, said.examples)
	for _, s := range t.slices {
		if err := b.evaluate(ctx, t, s.period, n); err != nil {
			return fmt.Errorf("backtest of %s from %s to %s: %w", t.present.ID, s.from.Format(time.RFC3339), s.to.Format(time.RFC3339), err)
		}
		if err := said.reached(t, s, n); err != nil {
			return err
		}
	}
	return said.finished(ctx, i, n)
}

// score is what a backtest says while several detections are evaluated: one at a time, and results in the order of the trials.
type score struct {
	trials   []trial
	from, to time.Time
	blind    *blindness
	progress func(alert.BacktestProgress) error
	result   func(alert.BacktestResult) error
	// examples is how many alerts are named, tell who those of whom they tell are.
	examples int
	tell     func(context.Context, []*alert.Finding) ([]*alert.Context, error)

	mu        sync.Mutex
	done, all float64
	counters  []*counter
	next      int
}

func (s *score) reached(t *trial, part slice, n *counter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done += float64(part.events)
	return s.progress(alert.BacktestProgress{Detection: t.present.ID, Fraction: min(1, s.done/max(1, s.all)), Reached: part.to, Alerts: n.alerts.Proposed})
}

func (s *score) finished(ctx context.Context, i int, n *counter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.alerts == (alert.Compared{}) && n.suppressed == (alert.Compared{}) {
		notes, err := s.blind.notes(ctx, &n.trial.present)
		if err != nil {
			return err
		}
		n.trial.notes = append(n.trial.notes, notes...)
	}
	for s.counters[i] = n; s.next < len(s.counters) && s.counters[s.next] != nil; s.next++ {
		r := s.counters[s.next].result(s.from, s.to)
		if err := tellBacktest(ctx, &r, s.tell); err != nil {
			return err
		}
		if err := s.result(r); err != nil {
			return err
		}
	}
	return nil
}

// plan cuts the time for each detection and returns the whole of it, and the first day with events; zero when there are none.
func (b *Backtester) plan(ctx context.Context, q alert.BacktestRequest, trials []trial) (from, to, first time.Time, err error) {
	from, to = q.From.UTC(), q.To.UTC()
	// also what lies beyond the edges: reading it costs time, too
	days, err := b.o.Store.EventDays(ctx, b.o.Tenant, time.Time{}, time.Time{})
	if err != nil {
		return from, to, first, err
	}
	h := newHistory(days)
	first, last := h.bounds()
	if q.From.IsZero() {
		from = first
	}
	if q.To.IsZero() {
		to = last
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(detectionsAtOnce)
	for i := range trials {
		work.Go(func() error {
			if err := b.cut(ctx, &trials[i], &h, from, to); err != nil {
				return fmt.Errorf("backtest of %s: %w", trials[i].present.ID, err)
			}
			return nil
		})
	}
	return from, to, first, work.Wait()
}
