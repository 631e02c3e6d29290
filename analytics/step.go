package analytics

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// maxSubjects bounds the subjects of one call of a view.
const maxSubjects = 500

// changed returns what changed in the range, and moves the watermark.
func (r *Runner) changed(ctx context.Context, q clickhouse.SpanQuery) ([]clickhouse.Span, error) {
	spans, err := r.o.Store.ChangedSpans(ctx, q)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range spans {
		if s.Last.After(r.watermark) {
			r.watermark = s.Last
		}
	}
	return spans, nil
}

// step brings the alerts of one detection in step with what changed.
func (r *Runner) step(ctx context.Context, d *Detection, changed []clickhouse.Span, line time.Time) error {
	var inputs []clickhouse.Span
	for i := range changed {
		if d.Inputs.Match(&changed[i]) {
			inputs = append(inputs, changed[i])
		}
	}
	if len(inputs) == 0 {
		return nil
	}
	if d.Affected != "" {
		others, err := r.affected(ctx, d, inputs, line)
		if err != nil {
			return err
		}
		inputs = append(inputs, others...)
	}
	for _, group := range groups(concerned(d, inputs), d.LookBack+d.LookAhead) {
		if err := r.evaluate(ctx, d, group, line); err != nil {
			return err
		}
	}
	return nil
}

// affected asks the detection which other subjects the changes concern.
func (r *Runner) affected(ctx context.Context, d *Detection, inputs []clickhouse.Span, line time.Time) ([]clickhouse.Span, error) {
	changed := make(map[string][]string)
	var whole period
	for i, s := range inputs {
		changed[s.Type] = append(changed[s.Type], s.ID)
		if i == 0 {
			whole = period{s.First, s.Last}
		}
		whole = whole.union(s.First, s.Last)
	}
	return r.o.Store.Affected(ctx, d.ID, d.Affected, r.o.Tenant, changed, whole.from, whole.to, line)
}

// concerned returns for each subject with changed inputs the anchors that may change: from LookAhead before the first
// changed event to LookBack after the last.
func concerned(d *Detection, inputs []clickhouse.Span) map[clickhouse.Subject]period {
	periods := make(map[clickhouse.Subject]period)
	for _, s := range inputs {
		if s.ID == "" || !slices.Contains(d.Subjects, s.Type) {
			continue
		}
		from, to := s.First.Add(-d.LookAhead), s.Last.Add(d.LookBack)
		if p, ok := periods[s.Subject]; ok {
			periods[s.Subject] = p.union(from, to)
		} else {
			periods[s.Subject] = period{from, to}
		}
	}
	return periods
}

// groups splits the subjects for calls of the view: those with near beginnings together, maxSubjects at most, so that one
// subject with a late event does not make the view read the past of all the others.
func groups(periods map[clickhouse.Subject]period, near time.Duration) []map[clickhouse.Subject]period {
	subjects := slices.SortedFunc(maps.Keys(periods), func(a, b clickhouse.Subject) int { return periods[a].from.Compare(periods[b].from) })
	var all []map[clickhouse.Subject]period
	var current map[clickhouse.Subject]period
	var begin time.Time
	for _, s := range subjects {
		if current == nil || len(current) >= maxSubjects || periods[s].from.Sub(begin) > near {
			current, begin = make(map[clickhouse.Subject]period), periods[s].from
			all = append(all, current)
		}
		current[s] = periods[s]
	}
	return all
}

// evaluate calls the view for a group of subjects and reconciles.
func (r *Runner) evaluate(ctx context.Context, d *Detection, group map[clickhouse.Subject]period, line time.Time) error {
	ids := make([]string, 0, len(group))
	for s := range group {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	base := r.o.Log.Head()
	standing, err := r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, d.ID, ids)
	if err != nil {
		return err
	}
	group = maps.Clone(group)
	widen(group, standing)
	var whole period
	for _, p := range group {
		if whole.from.IsZero() {
			whole = p
		}
		whole = whole.union(p.from, p.to)
	}
	findings, err := r.o.Store.Findings(ctx, clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: r.o.Tenant, From: whole.from, To: whole.to, Line: line, Subjects: ids, Arguments: d.arguments()})
	if err != nil {
		return err
	}
	var keep time.Time
	if r.o.Retention > 0 {
		keep = r.o.Clock().Add(-r.o.Retention).Add(d.LookBack)
	}
	return r.o.Log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		if r.o.Log.Head() != base { // somebody wrote meanwhile, a person perhaps
			if standing, err = r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, d.ID, ids); err != nil {
				return nil, err
			}
		}
		changes := reconcile(standing, findings, group, keep)
		for _, c := range changes {
			r.metrics.changes.WithLabelValues(d.ID, c.Kind).Inc()
		}
		return changes, nil
	})
}

// widen grows each subject's period until it holds every standing finding that it touches: such a finding may be joined,
// split or grown by what changed, wherever its anchor lies.
func widen(group map[clickhouse.Subject]period, standing []alert.Alert) {
	for again := true; again; {
		again = false
		for i := range standing {
			a := &standing[i]
			subject := subjectOf(a.Subject)
			p, ok := group[subject]
			if !ok || a.Retracted || !p.touches(a.Start, a.End) {
				continue
			}
			if w := p.union(a.Start, a.End).union(a.Anchor, a.Anchor); w != p {
				group[subject] = w
				again = true
			}
		}
	}
}
