package analytics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// reevaluationEvents is about how many events one evaluation of the past reads.
const reevaluationEvents = 4_000_000

// review is one detection of a re-evaluation.
type review struct {
	detection *Detection
	version   *version
	slices    []slice
	limit     *dayLimit
}

// Reevaluate shows how the alerts of a span of the past would differ if the detections as they are now judged it. It calls
// progress as it gets on and result for each detection that is done; an error of either ends it. Nothing is stored. One
// runs at a time, and another waits, but not for a receiver.
func (r *Runner) Reevaluate(ctx context.Context, q alert.ReevaluationRequest, progress func(alert.BacktestProgress) error, result func(alert.ReevaluationResult) error) error {
	if err := r.reevaluatable(q.Detections, q.From, q.To); err != nil {
		return err
	}
	return relay(ctx, progress, result, func(ctx context.Context, progress func(alert.BacktestProgress) error, result func(alert.ReevaluationResult) error) error {
		return r.reevaluate(ctx, q, progress, result)
	})
}

func (r *Runner) reevaluate(ctx context.Context, q alert.ReevaluationRequest, progress func(alert.BacktestProgress) error, result func(alert.ReevaluationResult) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.reevaluating <- struct{}{}:
		defer func() { <-r.reevaluating }()
	case <-ctx.Done():
		return ctx.Err()
	}
	days, err := r.o.Store.EventDays(ctx, r.o.Tenant, time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	h := newHistory(days)
	from, to := q.From.UTC(), q.To.UTC()
	if q.From.IsZero() {
		from, _ = h.bounds()
	}
	if from.Before(beginning) {
		from = beginning
	}
	if q.To.IsZero() {
		to = r.line().Truncate(tick)
	}
	var all []review
	var done, whole float64
	for _, d := range r.active() {
		if len(q.Detections) > 0 && !slices.Contains(q.Detections, d.ID) {
			continue
		}
		v := r.lineage(d.ID).present()
		if v == nil || v.off() {
			continue
		}
		w := review{d, v, h.slices(from, to, v.LookBack, v.LookAhead, reevaluationEvents), &dayLimit{limit: v.inputs.DailyLimit}}
		for _, s := range w.slices {
			whole += float64(s.events)
		}
		all = append(all, w)
	}
	for _, w := range all {
		n := newDifferences(q.Examples)
		if err := r.placesBefore(ctx, w.detection.ID, from, w.limit); err != nil {
			return err
		}
		// between the slices there are no events; alerts whose events are gone stand there
		at := from
		for _, s := range w.slices {
			if err := r.compare(ctx, w, period{at, s.to}, s.from, n); err != nil {
				return fmt.Errorf("re-evaluation of %s from %s to %s: %w", w.detection.ID, s.from.Format(time.RFC3339), s.to.Format(time.RFC3339), err)
			}
			at = s.to
			done += float64(s.events)
			if err := progress(alert.BacktestProgress{Detection: w.detection.ID, Fraction: done / whole, Reached: s.to, Alerts: n.total.Alerts}); err != nil {
				return err
			}
		}
		if at.Before(to) {
			if err := r.compare(ctx, w, period{at, to}, to, n); err != nil {
				return err
			}
		}
		standing, changes, err := r.placesAfter(ctx, w.detection.ID, to, w.limit)
		if err != nil {
			return err
		}
		n.add(standing, changes)
		out := n.result()
		if err := r.tellDifferences(ctx, &out, n.findings); err != nil {
			return err
		}
		out.Detection, out.From, out.To, out.Token = w.detection.ID, from, to, r.token(w.detection.ID, w.version, from, to)
		for _, reign := range r.lineage(w.detection.ID).over(period{from, to.Add(-tick)}) {
			out.Revisions = append(out.Revisions, reign.Revision)
		}
		out.Notes = r.followers(w.detection.ID)
		if err := result(out); err != nil {
			return err
		}
	}
	return nil
}

// reevaluatable says what is wrong with a request.
func (r *Runner) reevaluatable(ids []string, from, to time.Time) error {
	var problems []string
	for _, id := range ids {
		if !slices.ContainsFunc(r.active(), func(d *Detection) bool { return d.ID == id }) {
			problems = append(problems, fmt.Sprintf("detections: no detection %q is enabled", id))
		} else if v := r.lineage(id).present(); v == nil || v.off() {
			problems = append(problems, fmt.Sprintf("detections: %q is disabled; enable it, or there is nothing that could judge", id))
		}
	}
	if to.After(r.line()) {
		problems = append(problems, fmt.Sprintf("endTime: %s is in the future; what comes is judged by the detections as they are then", to.Format(time.RFC3339)))
	}
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		problems = append(problems, fmt.Sprintf("endTime: %s is not after startTime %s", to.Format(time.RFC3339), from.Format(time.RFC3339)))
	}
	if len(problems) > 0 {
		return fault.New(fault.InvalidArgument, "%s", strings.Join(problems, "; "))
	}
	return nil
}

// compare counts how the alerts anchored in a period, the end excluded, differ from what the version finds there; before
// first there are no events. A period that needs too much memory is cut in two.
func (r *Runner) compare(ctx context.Context, w review, p period, first time.Time, n *differences) error {
	var findings []alert.Finding
	var err error
	if first.Before(p.to) {
		findings, err = grown(period{first, p.to}, func(p period, subjects []string, each func(alert.Finding)) error {
			c := clickhouse.Call{Detection: w.detection.ID, Text: w.version.SQL, Tenant: r.o.Tenant, From: p.from, To: p.to.Add(-tick), Line: r.line(), Subjects: subjects, Arguments: w.version.arguments()}
			return r.o.Store.EachFinding(ctx, c, func(f alert.Finding) error { each(f); return nil })
		})
	}
	if length := p.to.Sub(first); clickhouse.IsMemoryLimit(err) && length > shortest {
		middle := first.Add(length / 2).Truncate(time.Second)
		if err := r.compare(ctx, w, period{p.from, middle}, first, n); err != nil {
			return err
		}
		return r.compare(ctx, w, period{middle, p.to}, middle, n)
	}
	if err != nil {
		return err
	}
	standing, err := r.o.Store.AlertsAnchored(ctx, r.o.Tenant, w.detection.ID, p.from, p.to)
	if err != nil {
		return err
	}
	if err := w.version.scope.limit(ctx, r.o.Store, r.o.Tenant, findings); err != nil {
		return err
	}
	exceptions := r.ExceptionsOf(w.detection.ID)
	for i := range findings {
		except(exceptions, w.version.attributes, &findings[i])
	}
	if err := takeOwn(ctx, r.o.Store, r.o.Tenant, exceptions, findings); err != nil {
		return err
	}
	findings = slices.DeleteFunc(findings, func(f alert.Finding) bool { return !f.Anchor.Before(p.to) })
	w.limit.apply(findings)
	periods := make(map[clickhouse.Subject]period)
	for i := range findings {
		periods[subjectOf(findings[i].Subject)] = period{p.from, p.to.Add(-tick)}
	}
	for i := range standing {
		periods[subjectOf(standing[i].Subject)] = period{p.from, p.to.Add(-tick)}
	}
	n.add(standing, reconcile(standing, findings, periods, r.keep(w.version.LookBack)))
	return nil
}

// token stands for what was shown: another version or another span has another one.
func (r *Runner) token(detection string, v *version, from, to time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d", r.o.Tenant, detection, v.Hash(), from.UnixMicro(), to.UnixMicro()))
	return hex.EncodeToString(sum[:16])
}

// reevaluationReason begins the reason of the recheck for a revision.
const reevaluationReason = "reevaluation "

// ApplyReevaluation lets the present versions judge the span, and asks for a recheck of it. It is refused when a detection
// is not any more what was shown. The alerts follow with the next rounds.
func (r *Runner) ApplyReevaluation(ctx context.Context, o alert.ReevaluationOrder) ([]alert.DetectionVersion, error) {
	ids := make([]string, 0, len(o.Tokens))
	for id := range o.Tokens {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if err := r.reevaluatable(ids, o.From, o.To); err != nil {
		return nil, err
	}
	select {
	case r.reevaluating <- struct{}{}:
		defer func() { <-r.reevaluating }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	from, to := o.From.UTC(), o.To.UTC()
	var added []alert.DetectionVersion
	next := make(map[string]*lineage)
	for _, id := range ids {
		l := r.lineage(id)
		v := l.present()
		if r.token(id, v, from, to) != o.Tokens[id] {
			return nil, fault.New(fault.InvalidArgument, "detections: %s has changed since it was shown, or the span is another one; look at the difference again", id)
		}
		n := alert.DetectionVersion{Detection: id, Revision: l.revision(), ValidFrom: from, ValidTo: to, Logic: v.Logic, MadeBy: o.Author, MadeAt: r.line().Truncate(time.Millisecond)}
		all := []alert.DetectionVersion{n}
		for i := range l.versions {
			all = append(all, l.versions[i].DetectionVersion)
		}
		after, err := newLineage(all)
		if err != nil {
			return nil, fmt.Errorf("analytics: detection %s: %w", id, err)
		}
		added, next[id] = append(added, n), after
	}
	if err := r.o.Store.AddDetectionVersions(ctx, r.o.Tenant, added); err != nil {
		return nil, fmt.Errorf("analytics: versions of the detections: %w", err)
	}
	r.mu.Lock()
	for id, l := range next {
		r.lineages[id] = l
	}
	r.mu.Unlock()
	return added, r.recheckVersions(ctx, added)
}

// recheckVersions asks for the rechecks of versions that judge the past.
func (r *Runner) recheckVersions(ctx context.Context, all []alert.DetectionVersion) error {
	var asked []clickhouse.Recheck
	for _, v := range all {
		asked = append(asked, clickhouse.Recheck{Detection: v.Detection, First: v.ValidFrom, Last: v.ValidTo.Add(-tick), Reason: reevaluationReason + fmt.Sprint(v.Revision)})
	}
	return r.Recheck(ctx, asked)
}

// finishReevaluations asks for the rechecks that an earlier process stored versions for and did not come to ask for.
func (r *Runner) finishReevaluations(ctx context.Context) error {
	asked, err := r.o.Store.RecheckReasons(ctx, r.o.Tenant, reevaluationReason)
	if err != nil {
		return fmt.Errorf("analytics: rechecks: %w", err)
	}
	var missing []alert.DetectionVersion
	for id, l := range r.lineages {
		for i := range l.versions {
			v := &l.versions[i]
			if v.MadeBy != ByConfiguration && !asked[[2]string{id, reevaluationReason + fmt.Sprint(v.Revision)}] {
				missing = append(missing, v.DetectionVersion)
			}
		}
	}
	return r.recheckVersions(ctx, missing)
}
