package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// Bounds of the validity of versions, in event time.
var (
	beginning = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	forever   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ByConfiguration made a version that the service took from its configuration or brought along.
const ByConfiguration = "configuration"

// version is one of a detection, ready to be evaluated.
type version struct {
	alert.DetectionVersion
	inputs     Inputs
	attributes map[string]Attribute
	// scope is nil when there is none.
	scope *Scope
}

// off says that it finds nothing: a policy was disabled.
func (v *version) off() bool { return v.SQL == "" }

// concerns says whether a recheck for that reason is for the version.
func (v *version) concerns(reason string) bool {
	return v.inputs.concerns(reason) || reason == ReasonDirectory && v.scope != nil
}

// arguments for a call of the view.
func (v *version) arguments() []clickhouse.Argument {
	all := make([]clickhouse.Argument, len(v.Arguments))
	for i, a := range v.Arguments {
		all[i] = clickhouse.Argument(a)
	}
	return all
}

// reign is a span of anchors, the end excluded, for which a version is in force.
type reign struct {
	from, to time.Time
	*version
}

// holds says whether an anchor lies in it.
func (r *reign) holds(anchor time.Time) bool { return !anchor.Before(r.from) && anchor.Before(r.to) }

// reached says whether events between first and last can change findings that are anchored in it, also by way of other
// subjects, whose own events lie within the reach of these.
func (r *reign) reached(first, last time.Time) bool {
	var margin time.Duration
	if r.Affected != "" {
		margin = r.LookBack + r.LookAhead
	}
	return first.Add(-r.LookAhead-margin).Before(r.to) && !last.Add(r.LookBack+margin).Before(r.from)
}

// lineage is the versions of one detection. It is never changed, only replaced.
type lineage struct {
	versions []version
	// reigns in order, without gap or overlap where some version is in force.
	reigns []reign
	// matches are the detections whose alerts some of the versions in force read, and matching the types of subjects of those versions.
	matches, matching []string
}

// newLineage works out which version is in force when.
func newLineage(all []alert.DetectionVersion) (*lineage, error) {
	l := &lineage{}
	bounds := make([]time.Time, 0, 2*len(all))
	for _, v := range all {
		next := version{DetectionVersion: v}
		if err := json.Unmarshal([]byte(v.Inputs), &next.inputs); err != nil {
			return nil, fmt.Errorf("revision %d: inputs: %w", v.Revision, err)
		}
		if v.Attributes != "" {
			if err := json.Unmarshal([]byte(v.Attributes), &next.attributes); err != nil {
				return nil, fmt.Errorf("revision %d: attributes: %w", v.Revision, err)
			}
		}
		var err error
		if next.scope, err = readScope(v.Scope); err != nil {
			return nil, fmt.Errorf("revision %d: %w", v.Revision, err)
		}
		l.versions = append(l.versions, next)
		bounds = append(bounds, v.ValidFrom, v.ValidTo)
	}
	slices.SortFunc(l.versions, func(a, b version) int { return int(a.Revision) - int(b.Revision) })
	slices.SortFunc(bounds, time.Time.Compare)
	bounds = slices.CompactFunc(bounds, time.Time.Equal)
	for i := 1; i < len(bounds); i++ {
		v := l.at(bounds[i-1])
		if v == nil {
			continue
		}
		if n := len(l.reigns); n > 0 && l.reigns[n-1].version == v && l.reigns[n-1].to.Equal(bounds[i-1]) {
			l.reigns[n-1].to = bounds[i]
			continue
		}
		l.reigns = append(l.reigns, reign{from: bounds[i-1], to: bounds[i], version: v})
	}
	for _, v := range l.reigns {
		if len(v.inputs.Matches) > 0 {
			l.matches, l.matching = append(l.matches, v.inputs.Matches...), append(l.matching, v.Subjects...)
		}
	}
	for _, names := range []*[]string{&l.matches, &l.matching} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return l, nil
}

// at is the version in force for an anchor; nil when there is none.
func (l *lineage) at(anchor time.Time) *version {
	for i := len(l.versions) - 1; i >= 0; i-- {
		if v := &l.versions[i]; !anchor.Before(v.ValidFrom) && anchor.Before(v.ValidTo) {
			return v
		}
	}
	return nil
}

// present is the version of what happens from now on; nil before the first.
func (l *lineage) present() *version { return l.at(forever.Add(-tick)) }

// revision is the number for the next version.
func (l *lineage) revision() uint32 {
	if n := len(l.versions); n > 0 {
		return l.versions[n-1].Revision + 1
	}
	return 1
}

// over are the reigns that hold some anchor of the period.
func (l *lineage) over(p period) []reign {
	var all []reign
	for _, r := range l.reigns {
		if p.touches(r.from, r.to.Add(-tick)) {
			all = append(all, r)
		}
	}
	return all
}

// logic is what decides the findings of the detection with the values in force.
func (d *Detection) logic() (alert.Logic, error) {
	inputs, err := json.Marshal(d.Inputs)
	if err != nil {
		return alert.Logic{}, fmt.Errorf("inputs: %w", err)
	}
	l := alert.Logic{SQL: d.SQL, Affected: d.Affected, Candidates: d.Candidates, LookBack: d.LookBack, LookAhead: d.LookAhead, Subjects: d.Subjects, Inputs: string(inputs), Scope: d.Scope}
	if len(d.Attributes) > 0 {
		attributes, err := json.Marshal(d.Attributes)
		if err != nil {
			return alert.Logic{}, fmt.Errorf("attributes: %w", err)
		}
		l.Attributes = string(attributes)
	}
	for _, a := range d.arguments() {
		l.Arguments = append(l.Arguments, alert.Argument(a))
	}
	return l, nil
}

// loadVersions reads the versions of all detections, and adds one for each detection whose logic is new. The first covers
// what came before it; so does a change before the first event. Every later one begins with the clock: what happened
// before stays as it was judged.
func (r *Runner) loadVersions(ctx context.Context) error {
	stored, err := r.o.Store.DetectionVersions(ctx, r.o.Tenant)
	if err != nil {
		return fmt.Errorf("analytics: versions of the detections: %w", err)
	}
	newest, err := r.o.Store.Watermark(ctx, r.o.Tenant, forever)
	if err != nil {
		return fmt.Errorf("analytics: watermark: %w", err)
	}
	known := make(map[string][]alert.DetectionVersion)
	for _, v := range stored {
		known[v.Detection] = append(known[v.Detection], v)
	}
	var added []alert.DetectionVersion
	for i := range r.o.Detections {
		d := &r.o.Detections[i]
		logic, err := d.logic()
		if err != nil {
			return fmt.Errorf("analytics: detection %s: %w", d.ID, err)
		}
		before, err := newLineage(known[d.ID])
		if err != nil {
			return fmt.Errorf("analytics: detection %s: %w", d.ID, err)
		}
		present := before.present()
		if present != nil && present.Hash() == logic.Hash() {
			continue
		}
		v := alert.DetectionVersion{Detection: d.ID, Revision: before.revision(), ValidFrom: beginning, ValidTo: forever, Logic: logic, MadeBy: ByConfiguration, MadeAt: r.line().Truncate(time.Millisecond)}
		if present != nil && !newest.IsZero() {
			v.ValidFrom = r.line().Truncate(tick)
		}
		added = append(added, v)
		known[d.ID] = append(known[d.ID], v)
	}
	if len(added) > 0 {
		if err := r.o.Store.AddDetectionVersions(ctx, r.o.Tenant, added); err != nil {
			return fmt.Errorf("analytics: versions of the detections: %w", err)
		}
	}
	for id, all := range known {
		l, err := newLineage(all)
		if err != nil {
			return fmt.Errorf("analytics: detection %s: %w", id, err)
		}
		r.lineages[id] = l
	}
	r.defineVersions(ctx)
	return nil
}

// lineage of a detection.
func (r *Runner) lineage(detection string) *lineage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lineages[detection]
}

// Versions of a detection, the newest first.
func (r *Runner) Versions(detection string) []alert.DetectionVersion {
	l := r.lineage(detection)
	if l == nil {
		return nil
	}
	all := make([]alert.DetectionVersion, 0, len(l.versions))
	for i := len(l.versions) - 1; i >= 0; i-- {
		all = append(all, l.versions[i].DetectionVersion)
	}
	return all
}

// viewOf is the name of the view of a version, without detect_.
func viewOf(v *version) string { return fmt.Sprintf("%s_r%d", v.Detection, v.Revision) }

// View is the name, without detect_, of the view with which a person finds the alert again: that of the version which
// judged it.
func (r *Runner) View(a *alert.Alert) string {
	l := r.lineage(a.Detection)
	if l == nil {
		return a.Detection
	}
	v, present := l.at(a.Anchor), l.present()
	if v == nil || present == nil || v.Hash() == present.Hash() {
		return a.Detection
	}
	return viewOf(v)
}

// defineVersions makes the views of the versions that judge some of the past otherwise than the present one. One that
// cannot be made any more is named in the log: what it judges cannot be evaluated until a person lets another one judge it.
func (r *Runner) defineVersions(ctx context.Context) {
	for _, l := range r.lineages {
		if r.spent(l) {
			continue
		}
		present := l.present()
		for i := range l.reigns {
			v := l.reigns[i].version
			if present == nil || v.Hash() == present.Hash() || v.off() {
				continue
			}
			if err := r.o.Store.DefineDetections(ctx, []clickhouse.View{{ID: viewOf(v), Text: v.SQL, Values: v.arguments()}}); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "an earlier version of a detection cannot be used any more; sealwatch reevaluate puts the present one in its place for the time that it judges",
					slog.String("detection", v.Detection), slog.Int("revision", int(v.Revision)), slog.Time("from", l.reigns[i].from), slog.Time("to", l.reigns[i].to), slog.Any("error", err))
			}
		}
	}
}
