package analytics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
	mistyped "github.com/sealwatch/sealwatch/internal/spelling"
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
	// SliceEvents is about how many events one evaluation reads at most; 4,000,000 when 0.
	SliceEvents uint64
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
		o.SliceEvents = 4_000_000
	}
	present, err := Tune(o.Definitions, everyOne(o.Tuning))
	if err != nil {
		return nil, err
	}
	return &Backtester{o: o, present: present, turn: make(chan struct{}, 1), tooMuch: clickhouse.IsMemoryLimit}, nil
}

// everyOne is the tuning with nothing disabled.
func everyOne(tuning map[string]Tuning) map[string]Tuning {
	all := maps.Clone(tuning)
	for id, t := range all {
		t.Disabled = false
		all[id] = t
	}
	return all
}

// trial is one detection of a backtest.
type trial struct {
	present, proposed Detection
	changed           []alert.Setting
	// notes are for the reader of its result.
	notes  []string
	slices []slice
	// differs says that present is evaluated beside proposed; absent that there is no present one.
	differs, absent bool
	// from is the first anchor that counts; where days have a limit, what comes before it on its day is evaluated, too.
	from time.Time
	// limits count the alerts of each day.
	limits [2]dayLimit
	// subjects are all about whom there can be findings; none when that was not asked, and then all are looked at.
	subjects []string
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
	from, to, err := b.plan(ctx, q, trials)
	if err != nil {
		return err
	}
	said := &score{trials: trials, counters: make([]*counter, len(trials)), from: from, to: to, blind: &blindness{b: b, from: from, to: to}, progress: progress, result: result, examples: cmp.Or(q.Examples, usualExamples), tell: b.o.Tell}
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

// trials are the detections that are asked for with their settings.
func (b *Backtester) trials(q alert.BacktestRequest) ([]trial, error) {
	var all []trial
	var problems []string
	for _, d := range b.all() {
		if len(q.Detections) == 0 && !b.o.Tuning[d.ID].Disabled || slices.Contains(q.Detections, d.ID) {
			proposed := d
			proposed.Values = maps.Clone(d.Values)
			all = append(all, trial{present: d, proposed: proposed})
		}
	}
	for _, id := range q.Detections {
		if !slices.ContainsFunc(b.all(), func(d Detection) bool { return d.ID == id }) {
			problems = append(problems, fmt.Sprintf("detections: there is no detection %q; expected one of %s", id, strings.Join(b.ids(), ", ")))
		}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		problems = append(problems, fmt.Sprintf("endTime: %s is not after startTime %s", q.To.Format(time.RFC3339), q.From.Format(time.RFC3339)))
	}
	for i, s := range q.Settings {
		for _, problem := range set(all, s) {
			problems = append(problems, fmt.Sprintf("settings[%d]: %s", i, problem))
		}
	}
	if len(problems) > 0 {
		return nil, fault.New(fault.InvalidArgument, "%s", strings.Join(problems, "; "))
	}
	for i := range all {
		for _, p := range all[i].present.Parameters {
			if is, was := all[i].proposed.Values[p.Name], all[i].present.Values[p.Name]; !p.same(is, was) {
				all[i].differs = true
				all[i].changed = append(all[i].changed, alert.Setting{Detection: all[i].present.ID, Parameter: p.Name, Value: p.text(is), Present: p.text(was)})
			}
		}
		all[i].notes = b.notesBefore(&all[i], q.Settings)
	}
	return all, nil
}

func (b *Backtester) ids() []string {
	var all []string
	for _, d := range b.all() {
		all = append(all, d.ID)
	}
	return all
}

// all are the detections that can be tried.
func (b *Backtester) all() []Detection {
	if b.o.Adopted == nil {
		return b.present
	}
	return slices.Concat(b.present, b.o.Adopted())
}

// set puts a setting into the detections that it names and says what is wrong with it.
func set(all []trial, s alert.Setting) (problems []string) {
	named, known := false, false
	for i := range all {
		d := &all[i].proposed
		if s.Detection != "" && s.Detection != d.ID {
			continue
		}
		named = true
		k := parameterNamed(d.Parameters, s.Parameter)
		if k < 0 {
			continue
		}
		known = true
		name := d.Parameters[k].Name
		value, err := d.Parameters[k].read(s.Parameter, s.Value)
		if err != nil {
			problems = append(problems, fmt.Sprintf("parameter %s of %s: %v", s.Parameter, d.ID, err))
			continue
		}
		d.Values[name] = value
	}
	switch {
	case !named:
		problems = append(problems, fmt.Sprintf("detection %q is not among those of this backtest", s.Detection))
	case !known:
		problems = append(problems, fmt.Sprintf("there is no parameter %q%s; expected one of %s", s.Parameter, mistyped.Hint(s.Parameter, parameters(all, s.Detection)), strings.Join(parameters(all, s.Detection), ", ")))
	}
	return problems
}

// parameters are the names that a setting may have.
func parameters(all []trial, detection string) []string {
	var names []string
	for i := range all {
		for _, p := range all[i].present.Parameters {
			if detection == "" || detection == all[i].present.ID {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// plan cuts the time for each detection and returns the whole of it.
func (b *Backtester) plan(ctx context.Context, q alert.BacktestRequest, trials []trial) (from, to time.Time, err error) {
	from, to = q.From.UTC(), q.To.UTC()
	// also what lies beyond the edges: reading it costs time, too
	days, err := b.o.Store.EventDays(ctx, b.o.Tenant, time.Time{}, time.Time{})
	if err != nil {
		return from, to, err
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
	return from, to, work.Wait()
}

// mostOthers is how many times what a slice reads may be the events of others than the subjects, of which it reads little.
const mostOthers = 5

// cut asks whom a detection is about at all, and cuts the time so that their events fill the slices; most are often few.
func (b *Backtester) cut(ctx context.Context, t *trial, h *history, from, to time.Time) error {
	most := b.o.SliceEvents
	all := h.events(time.Time{}, to)
	if t.present.Candidates != "" && all > most {
		subjects, asked, err := b.concerned(ctx, t, period{from, to})
		if err != nil {
			return err
		}
		if asked && len(subjects) == 0 {
			return nil
		}
		if asked && len(subjects) <= maxCandidates {
			theirs, err := b.o.Store.CountEventsOf(ctx, b.o.Tenant, subjects)
			if err != nil {
				return err
			}
			t.subjects = subjects
			most *= max(1, min(mostOthers, all/max(1, theirs)))
		}
	}
	t.from = from
	if t.proposed.Inputs.DailyLimit > 0 || t.present.Inputs.DailyLimit > 0 { // what comes before on the day takes places of it
		from = from.Truncate(oneDay)
	}
	t.slices = h.slices(from, to, max(t.present.LookBack, t.proposed.LookBack), max(t.present.LookAhead, t.proposed.LookAhead), most)
	t.limits = [2]dayLimit{{limit: t.proposed.Inputs.DailyLimit}, {limit: t.present.Inputs.DailyLimit}}
	return nil
}

// concerned are the candidates of both settings of a trial; asked is false when telling would take too much memory.
func (b *Backtester) concerned(ctx context.Context, t *trial, p period) (subjects []string, asked bool, err error) {
	tried := []*Detection{&t.proposed}
	if t.differs {
		tried = append(tried, &t.present)
	}
	for _, d := range tried {
		some, err := b.o.Store.Candidates(ctx, b.question(d, d.Candidates, p, nil))
		if b.tooMuch(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		subjects = append(subjects, some...)
	}
	slices.Sort(subjects)
	return slices.Compact(subjects), true, nil
}

// question is a call of a detection's text about a period, the end excluded.
func (b *Backtester) question(d *Detection, text string, p period, subjects []string) clickhouse.Call {
	return clickhouse.Call{Detection: d.ID, Text: text, Tenant: b.o.Tenant, From: p.from, To: p.to.Add(-tick), Line: b.o.Clock().UTC(), Subjects: subjects, Arguments: d.arguments()}
}

// evaluate counts the findings anchored in a period; one that needs too much memory is cut in two.
func (b *Backtester) evaluate(ctx context.Context, t *trial, p period, n *counter) error {
	proposed, err := b.findings(ctx, t, &t.proposed, p)
	present := proposed
	if err == nil && t.differs {
		present, err = b.findings(ctx, t, &t.present, p)
	}
	if length := p.to.Sub(p.from); b.tooMuch(err) && length > shortest {
		middle := p.from.Add(length / 2).Truncate(time.Second)
		if err := b.evaluate(ctx, t, period{p.from, middle}, n); err != nil {
			return err
		}
		return b.evaluate(ctx, t, period{middle, p.to}, n)
	}
	if err != nil {
		return err
	}
	t.limits[0].apply(proposed)
	switch {
	case t.absent:
		present = nil
	case t.differs:
		t.limits[1].apply(present)
	}
	early := func(f alert.Finding) bool { return f.Anchor.Before(t.from) }
	if t.limits[0].limit > 0 || t.limits[1].limit > 0 {
		proposed = slices.DeleteFunc(slices.Clone(proposed), early)
		present = slices.DeleteFunc(slices.Clone(present), early)
	}
	n.add(proposed, present)
	return nil
}

// findings of a period, the end excluded, without what is not counted and takes the most memory.
func (b *Backtester) findings(ctx context.Context, t *trial, d *Detection, p period) ([]alert.Finding, error) {
	found, err := grown(p, func(p period, subjects []string, each func(alert.Finding)) error {
		if len(subjects) == 0 {
			subjects = t.subjects
			if len(subjects) > 0 && len(t.slices) == 1 && p == t.slices[0].period {
				return b.ask(ctx, d, p, subjects, each)
			}
		}
		return b.call(ctx, d, p, subjects, each)
	})
	if err != nil {
		return found, err
	}
	if b.o.Exceptions != nil {
		if err := takeOwn(ctx, b.o.People, b.o.Tenant, b.o.Exceptions(d.ID), found); err != nil {
			return nil, err
		}
	}
	if b.o.People == nil {
		return found, nil
	}
	scope, err := readScope(d.Scope)
	if err != nil {
		return nil, err
	}
	return found, scope.limit(ctx, b.o.People, b.o.Tenant, found)
}

// detectionsAtOnce bounds how many detections of one backtest are evaluated at once; together they share the engine's memory.
const detectionsAtOnce = 2

// maxCandidates is how many subjects a view is asked about by name; of more, all are asked about: long lists are slow.
const maxCandidates = 5_000

// call evaluates a detection about those of the subjects about whom it can find anything; no subjects means all.
func (b *Backtester) call(ctx context.Context, d *Detection, p period, subjects []string, each func(alert.Finding)) error {
	if d.Candidates != "" {
		some, err := b.o.Store.Candidates(ctx, b.question(d, d.Candidates, p, subjects))
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return nil
		}
		if len(some) <= maxCandidates {
			subjects = some
		}
	}
	return b.ask(ctx, d, p, subjects, each)
}

// ask evaluates a detection about subjects; none means all.
func (b *Backtester) ask(ctx context.Context, d *Detection, p period, subjects []string, each func(alert.Finding)) error {
	var exceptions []alert.Exception
	if b.o.Exceptions != nil {
		exceptions = b.o.Exceptions(d.ID)
	}
	return b.o.Store.EachFinding(ctx, b.question(d, d.SQL, p, subjects), func(f alert.Finding) error {
		except(exceptions, d.Attributes, &f)
		f.Evidence, f.EventIDs = "", nil
		each(f)
		return nil
	})
}
