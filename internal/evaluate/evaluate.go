package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// Finder evaluates a rule; *clickhouse.DB is one.
type Finder interface {
	Findings(ctx context.Context, c clickhouse.Call) ([]alert.Finding, error)
}

// Ingester takes records in as the service would. It returns when they are stored.
type Ingester interface {
	Ingest(ctx context.Context, items []simulate.Item) error
	// EventID is the id of the event that an item becomes.
	EventID(item simulate.Item) (string, error)
}

// Options of an evaluation.
type Options struct {
	Scenario simulate.Scenario
	Tenant   string
	Ingester Ingester
	Finder   Finder
	// Rules are the detections and the baselines.
	Rules []Rule
	// Budgets are false alerts per 1,000 users and week, rising.
	Budgets []float64
	// DelaySamples bounds the attacks of a rule whose delay is measured; each costs a few evaluations.
	DelaySamples int
	// Progress is told what is under way. May be nil.
	Progress func(string)
}

// batch is how many records are handed in at once.
const batch = 5000

// Run plays the scenario and evaluates every rule.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	e := &evaluation{o: o, times: map[string]time.Time{}, noise: map[uint64]string{}, simulated: map[string]string{}}
	if err := e.play(ctx); err != nil {
		return nil, err
	}
	var outcomes []*outcome
	for i := range o.Rules {
		r := &o.Rules[i]
		o.Progress(o.Scenario.Name + ": " + r.ID)
		out, err := e.evaluate(ctx, r)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err != nil { // the others go on, and the report says so
			out = &outcome{rule: r, failure: err.Error()}
		}
		outcomes = append(outcomes, out)
	}
	return e.report(append(outcomes, e.unions(outcomes)...)), nil
}

// evaluation is one run.
type evaluation struct {
	o      Options
	labels []simulate.Label
	// attacks has the attacks of each event of an attacker.
	attacks map[string][]int
	// simulated are the simulation's ids of events that have another one.
	simulated map[string]string
	// times are those of the labels' events.
	times      map[string]time.Time
	from, to   time.Time
	events     int
	users      int
	playedFrom time.Time
	// noise has, by hash of the event's id, which noise shaped it.
	noise map[uint64]string
}

// play hands the simulated records in and keeps the labels.
func (e *evaluation) play(ctx context.Context) error {
	options := e.o.Scenario.Options()
	options.OnAttack = func(l simulate.Label) {
		e.labels = append(e.labels, l)
		for _, id := range l.EventIDs {
			e.times[id] = time.Time{}
		}
	}
	g, err := simulate.New(options)
	if err != nil {
		return fmt.Errorf("evaluate: scenario %s: %w", e.o.Scenario.Name, err)
	}
	e.o.Progress(e.o.Scenario.Name + ": simulating")
	e.playedFrom, e.from, e.to, e.users = options.Start, options.AttacksFrom, options.End, options.Users
	records := make([]simulate.Item, 0, batch)
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := e.keep(item); err != nil {
			return err
		}
		if records = append(records, item); len(records) == batch {
			if err := e.o.Ingester.Ingest(ctx, records); err != nil {
				return fmt.Errorf("evaluate: scenario %s: %w", e.o.Scenario.Name, err)
			}
			records = records[:0]
		}
	}
	e.attacks = map[string][]int{}
	for i := range e.labels {
		for _, id := range e.labels[i].AttackerEventIDs {
			e.attacks[id] = append(e.attacks[id], i)
		}
	}
	return e.o.Ingester.Ingest(ctx, records)
}

// keep remembers the time of a label's event, and its id where that is not the simulation's.
func (e *evaluation) keep(item simulate.Item) error {
	e.events++
	_, wanted := e.times[item.ID]
	if wanted {
		e.times[item.ID] = item.Time
	}
	if item.Noise == "" && !wanted {
		return nil
	}
	id, err := e.o.Ingester.EventID(item)
	if err != nil {
		return fmt.Errorf("evaluate: scenario %s: %w", e.o.Scenario.Name, err)
	}
	if item.Noise != "" {
		e.noise[xxhash.Sum64String(id)] = item.Noise
	}
	if wanted && id != item.ID {
		e.simulated[id] = item.ID
	}
	return nil
}

// outcome is what a rule raised.
type outcome struct {
	rule *Rule
	// alerts that count: not suppressed, and in the time of attacks.
	alerts     []raised
	suppressed int
	// delays of the attacks that were sampled.
	delays []time.Duration
	// ignored are the attacks that suppressed findings show, with detection and reasons.
	ignored map[int][]string
	// failure says why the rule could not be evaluated; empty when it was.
	failure string
}

// raised is an alert with the attacks that it shows.
type raised struct {
	alert.Finding
	attacks []int
}

func (e *evaluation) evaluate(ctx context.Context, r *Rule) (*outcome, error) {
	found, err := e.findings(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &outcome{rule: r, ignored: map[int][]string{}}
	for _, f := range found {
		if f.End.Before(e.from) {
			continue
		}
		if len(f.SuppressedBy) > 0 {
			out.suppressed++
			for _, i := range e.shown(&f) {
				out.ignored[i] = append(out.ignored[i], r.ID+" "+strings.Join(f.SuppressedBy, "+"))
			}
			continue
		}
		out.alerts = append(out.alerts, raised{Finding: f, attacks: e.shown(&f)})
	}
	out.delays, err = e.delays(ctx, out)
	return out, err
}

// slice is how much time a detection is asked about at once; it reads its look-back besides.
const slice = 7 * 24 * time.Hour

// findings evaluates a rule over the time of attacks and the week before: a detection of ours slice by slice, as it is
// made to be, a baseline at once.
func (e *evaluation) findings(ctx context.Context, r *Rule) ([]alert.Finding, error) {
	if r.Peer != "" {
		return e.o.Finder.Findings(ctx, e.call(r, e.playedFrom, e.to, nil))
	}
	type identity struct{ subject, key string }
	seen := map[identity]bool{}
	var all []alert.Finding
	for from := e.from.Add(-slice); from.Before(e.to); from = from.Add(slice) {
		found, err := e.o.Finder.Findings(ctx, e.call(r, from, from.Add(slice), nil))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			// one whose anchor lies on the edge comes twice
			if id := (identity{f.Subject.ID, f.Key}); !seen[id] {
				seen[id] = true
				all = append(all, f)
			}
		}
	}
	return all, nil
}

// call evaluates a rule for anchors of some time.
func (e *evaluation) call(r *Rule, from, to time.Time, subjects []string) clickhouse.Call {
	return clickhouse.Call{Detection: r.ID, Text: r.SQL, Tenant: e.o.Tenant, From: from, To: to, Subjects: subjects, Arguments: r.Arguments}
}

// causes counts, over false alerts, the noises among their events; "ordinary" where there is none.
func (e *evaluation) causes(out *outcome) map[string]int {
	all := map[string]int{}
	for _, a := range out.alerts {
		if len(a.attacks) > 0 {
			continue
		}
		seen := map[string]bool{}
		for _, id := range a.EventIDs {
			if n := e.noise[xxhash.Sum64String(id)]; n != "" {
				seen[n] = true
			}
		}
		if len(seen) == 0 {
			seen["ordinary"] = true
		}
		for n := range seen {
			all[n]++
		}
	}
	return all
}

// maxExamples bounds the false alerts that a report shows.
const maxExamples = 10

// examples are the false alerts with the highest scores.
func (e *evaluation) examples(out *outcome) []Example {
	var all []Example
	for _, a := range out.alerts {
		if len(a.attacks) > 0 || out.rule.Peer != "" {
			continue
		}
		x := Example{Title: a.Title, Subject: a.Subject.ID, Score: a.Score, Start: a.Start}
		for _, id := range a.EventIDs[:min(5, len(a.EventIDs))] {
			noise := e.noise[xxhash.Sum64String(id)]
			x.Events = append(x.Events, strings.TrimSpace(id+" "+noise))
		}
		all = append(all, x)
	}
	slices.SortStableFunc(all, func(a, b Example) int { return cmp.Compare(b.Score, a.Score) })
	return all[:min(maxExamples, len(all))]
}

// shown are the attacks of which the finding names an event of the attacker.
func (e *evaluation) shown(f *alert.Finding) []int {
	var all []int
	for _, id := range f.EventIDs {
		if own, other := e.simulated[id]; other {
			id = own
		}
		for _, i := range e.attacks[id] {
			if !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
	}
	return all
}
