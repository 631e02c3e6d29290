package analytics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// maxSubjects bounds the subjects of one call of a view.
const maxSubjects = 1000

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
	l := r.lineage(d.ID)
	periods := make(map[clickhouse.Subject]period)
	for i := range l.reigns {
		v := &l.reigns[i]
		if v.off() {
			continue
		}
		var inputs []clickhouse.Span
		for k := range changed {
			if v.inputs.Match(&changed[k]) && v.reached(changed[k].First, changed[k].Last) {
				inputs = append(inputs, changed[k])
			}
		}
		if len(inputs) == 0 {
			continue
		}
		if v.Affected != "" {
			others, err := r.affected(ctx, v.version, inputs, line)
			if err != nil {
				return err
			}
			inputs = append(slices.DeleteFunc(inputs, func(s clickhouse.Span) bool { return slices.Contains(v.inputs.Named, s.Type) }), others...)
		}
		concerned(periods, v.version, inputs)
	}
	return r.evaluateAll(ctx, d, periods, line)
}

// evaluateAll evaluates subjects in groups. Those that are too much for the engine are left for later.
func (r *Runner) evaluateAll(ctx context.Context, d *Detection, periods map[clickhouse.Subject]period, line time.Time) error {
	later := r.spare(d, periods)
	why := make(map[clickhouse.Subject]string)
	for _, group := range groups(periods, d.LookBack+d.LookAhead) {
		some, rest := tooMuchOf(r.evaluateOrCut(ctx, d, group, line))
		if rest != nil {
			return rest
		}
		for _, e := range some {
			later[e.subject], why[e.subject] = periods[e.subject].days(), e.limit
		}
	}
	return r.postpone(ctx, d, later, why)
}

// maxAsked bounds the subjects of one call of affected.sql: a flood from many addresses makes the text of the values long,
// and the time to plan it grows faster than its length.
const maxAsked = 10_000

// affected asks a version which other subjects the changes concern. Where that is too much for the engine, it is asked about
// the halves of the changes, and then of their time: what came at once could as well have come one after the other.
func (r *Runner) affected(ctx context.Context, v *version, inputs []clickhouse.Span, line time.Time) ([]clickhouse.Span, error) {
	all, err := r.affectedBy(ctx, v, inputs, line)
	if r.tooMuch(err) == "" || ctx.Err() != nil {
		return all, err
	}
	early, late := halves(inputs)
	if early == nil {
		return nil, err
	}
	if all, err = r.affected(ctx, v, early, line); err != nil {
		return nil, err
	}
	others, err := r.affected(ctx, v, late, line)
	return append(all, others...), err
}

// halves of changes, the earlier ones first; of one, those of its time. Both are nil when it is too short.
func halves(inputs []clickhouse.Span) (early, late []clickhouse.Span) {
	if len(inputs) > 1 {
		sorted := slices.SortedFunc(slices.Values(inputs), func(a, b clickhouse.Span) int { return a.First.Compare(b.First) })
		return sorted[:len(sorted)/2], sorted[len(sorted)/2:]
	}
	s := inputs[0]
	length := s.Last.Sub(s.First)
	if length <= shortest {
		return nil, nil
	}
	before, after := s, s
	after.First = s.First.Add(length / 2)
	before.Last = after.First.Add(-tick)
	return []clickhouse.Span{before}, []clickhouse.Span{after}
}

func (r *Runner) affectedBy(ctx context.Context, v *version, inputs []clickhouse.Span, line time.Time) ([]clickhouse.Span, error) {
	changed := make(map[string][]string)
	var whole period
	for i, s := range inputs {
		changed[s.Type] = append(changed[s.Type], s.ID)
		if i == 0 {
			whole = period{s.First, s.Last}
		}
		whole = whole.union(s.First, s.Last)
	}
	var all []clickhouse.Span
	for len(changed) > 0 {
		part := make(map[string][]string, len(changed))
		for t, ids := range changed {
			n := min(len(ids), maxAsked)
			if part[t], changed[t] = ids[:n], ids[n:]; n == len(ids) {
				delete(changed, t)
			}
		}
		some, err := r.o.Store.Affected(ctx, v.Detection, v.Affected, r.o.Tenant, part, whole.from, whole.to, line, v.arguments())
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// concerned adds to periods, for each subject with changed inputs, the anchors that may change: from LookAhead before the
// first changed event to LookBack after the last.
func concerned(periods map[clickhouse.Subject]period, v *version, inputs []clickhouse.Span) {
	for _, s := range inputs {
		if s.ID == "" || !slices.Contains(v.Subjects, s.Type) {
			continue
		}
		from, to := s.First.Add(-v.LookAhead), s.Last.Add(v.LookBack)
		if p, ok := periods[s.Subject]; ok {
			periods[s.Subject] = p.union(from, to)
		} else {
			periods[s.Subject] = period{from, to}
		}
	}
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
	// a finding that goes on for months makes the view read them for nobody else
	if parts := groups(group, d.LookBack+d.LookAhead); len(parts) > 1 {
		for _, part := range parts {
			if err := r.evaluate(ctx, d, part, line); err != nil {
				return err
			}
		}
		return nil
	}
	var whole period
	for _, p := range group {
		if whole.from.IsZero() {
			whole = p
		}
		whole = whole.union(p.from, p.to)
	}
	findings, reach, err := r.findings(ctx, d, whole, ids, line)
	if err != nil {
		return err
	}
	keep := r.keep(reach)
	// before the log is held: a description takes longer than a reconciliation
	excepted, err := r.excepted(ctx, d.ID, findings)
	if err != nil {
		return err
	}
	foreseen, back, _, err := r.limited(ctx, d.ID, excepted, standing, group)
	if err != nil {
		return err
	}
	// with the alerts about others that come back within their limit: they have had no context while they were none
	contexts := r.describe(ctx, append(reconcile(standing, foreseen, group, keep), back...), line)
	var days map[time.Time]bool
	err = r.o.Log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		if r.o.Log.Head() != base { // somebody wrote meanwhile, a person perhaps
			if standing, err = r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, d.ID, ids); err != nil {
				return nil, err
			}
		}
		// with the exceptions of this moment: whoever makes one looks at the alerts that stand after it is in force
		excepted, err := r.excepted(ctx, d.ID, findings)
		if err != nil {
			return nil, err
		}
		final, others, counted, err := r.limited(ctx, d.ID, excepted, standing, group)
		if err != nil {
			return nil, err
		}
		days = counted
		changes := append(reconcile(standing, final, group, keep), others...)
		for i := range changes {
			c := &changes[i]
			switch {
			case len(c.SuppressedBy) > 0: // it may have been raised before
				c.Context = nil
			case raised(c) && contexts[c.ID] != nil:
				c.Context = contexts[c.ID]
			}
			r.metrics.changes.WithLabelValues(d.ID, c.Kind).Inc()
		}
		return changes, nil
	})
	if err != nil {
		return err
	}
	return r.tellLimits(ctx, d, days)
}

// findings of the subjects that are anchored in the period, each by the version that is in force for its anchor, and the
// longest look-back of those versions. A version is asked up to the end of the whole period: a finding that it has may go
// on when another one reigns.
func (r *Runner) findings(ctx context.Context, d *Detection, whole period, subjects []string, line time.Time) (all []alert.Finding, reach time.Duration, err error) {
	seen := make(map[string]bool)
	reach = d.LookBack
	reigns := r.lineage(d.ID).over(whole)
	for _, v := range reigns {
		reach = max(reach, v.LookBack)
	}
	for _, v := range reigns {
		if v.off() {
			continue
		}
		from := whole.from
		if v.from.After(from) {
			from = v.from
		}
		call := clickhouse.Call{Detection: d.ID, Text: v.Candidates, Tenant: r.o.Tenant, From: from, To: whole.to, Line: line, Subjects: subjects, Arguments: v.arguments()}
		if v.Candidates != "" {
			if call.Subjects, err = r.o.Store.Candidates(ctx, call); err != nil {
				return nil, 0, fmt.Errorf("revision %d: %w", v.Revision, err)
			}
			if len(call.Subjects) == 0 {
				continue
			}
		}
		call.Text = v.SQL
		found, err := r.findingsOrCut(ctx, call)
		if err != nil {
			return nil, 0, fmt.Errorf("revision %d, which judges from %s to %s: %w", v.Revision, v.from.Format(time.RFC3339), v.to.Format(time.RFC3339), err)
		}
		if err := v.scope.limit(ctx, r.o.Store, r.o.Tenant, found); err != nil {
			return nil, 0, err
		}
		for _, f := range found {
			if id := f.AlertID(); v.holds(f.Anchor) && !seen[id] {
				seen[id] = true
				all = append(all, f)
			}
		}
	}
	return all, reach, nil
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
