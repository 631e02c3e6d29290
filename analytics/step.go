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
func (r *Runner) step(ctx context.Context, d *Detection, changed []clickhouse.Span) error {
	periods := concerned(d, changed)
	for _, group := range groups(periods, d.LookBack+d.LookAhead) {
		if err := r.evaluate(ctx, d, group); err != nil {
			return err
		}
	}
	return nil
}

// concerned returns for each subject with changed inputs the anchors that may change: from LookAhead before the first
// changed event to LookBack after the last.
func concerned(d *Detection, changed []clickhouse.Span) map[string]period {
	periods := make(map[string]period)
	for _, s := range changed {
		if s.SubjectID == "" || !d.Inputs.Match(s.Activities, s.PlaceKinds) {
			continue
		}
		from, to := s.First.Add(-d.LookAhead), s.Last.Add(d.LookBack)
		if p, ok := periods[s.SubjectID]; ok {
			periods[s.SubjectID] = p.union(from, to)
		} else {
			periods[s.SubjectID] = period{from, to}
		}
	}
	return periods
}

// groups splits the subjects for calls of the view: those with near beginnings together, maxSubjects at most, so that one
// subject with a late event does not make the view read the past of all the others.
func groups(periods map[string]period, near time.Duration) []map[string]period {
	subjects := slices.SortedFunc(maps.Keys(periods), func(a, b string) int { return periods[a].from.Compare(periods[b].from) })
	var all []map[string]period
	var current map[string]period
	var begin time.Time
	for _, s := range subjects {
		if current == nil || len(current) >= maxSubjects || periods[s].from.Sub(begin) > near {
			current, begin = make(map[string]period), periods[s].from
			all = append(all, current)
		}
		current[s] = periods[s]
	}
	return all
}

// evaluate calls the view for a group of subjects and reconciles.
func (r *Runner) evaluate(ctx context.Context, d *Detection, group map[string]period) error {
	subjects := slices.Sorted(maps.Keys(group))
	base := r.o.Log.Head()
	standing, err := r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, d.ID, subjects)
	if err != nil {
		return err
	}
	group = maps.Clone(group)
	widen(group, standing)
	var whole period
	for i, s := range subjects {
		if i == 0 {
			whole = group[s]
		}
		whole = whole.union(group[s].from, group[s].to)
	}
	findings, err := r.o.Store.Findings(ctx, clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: r.o.Tenant, From: whole.from, To: whole.to, Subjects: subjects, Arguments: d.arguments()})
	if err != nil {
		return err
	}
	var keep time.Time
	if r.o.Retention > 0 {
		keep = r.o.Clock().Add(-r.o.Retention).Add(d.LookBack)
	}
	return r.o.Log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		if r.o.Log.Head() != base { // somebody wrote meanwhile, a person perhaps
			if standing, err = r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, d.ID, subjects); err != nil {
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
func widen(group map[string]period, standing []alert.Alert) {
	for again := true; again; {
		again = false
		for i := range standing {
			a := &standing[i]
			p, ok := group[a.Subject.ID]
			if !ok || a.Retracted || !p.touches(a.Start, a.End) {
				continue
			}
			if w := p.union(a.Start, a.End).union(a.Anchor, a.Anchor); w != p {
				group[a.Subject.ID] = w
				again = true
			}
		}
	}
}
