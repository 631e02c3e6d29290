package analytics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// followed is how many versions of alerts are looked at in one round, which nobody else's alerts wait for longer than that.
const followed = 1000

// evidenceMargin is how much later than the end of an alert its last event can be: some detections cut its time to milliseconds.
const evidenceMargin = time.Millisecond

func (r *Runner) followName(detection string) string {
	return "matched/" + r.o.Tenant + "/" + detection
}

// lags says whether the log has more than was looked at for a detection that reads alerts of others; r.mu is held.
func (r *Runner) lags(id string, p *progress) bool {
	l := r.lineages[id]
	return l != nil && len(l.matches) > 0 && p.followed.Position < r.o.Log.Head()
}

// follow reads on in the alert log, by one page, what changed of the alerts that a detection reads, and evaluates it for those whom the events belong
// to on which such an alert stands now or stood before. The change is durable by then, and how far it has come is stored after that, so that wherever
// it is cut short, it is done again, by the alerts as they are. Nobody else has to do with it.
func (r *Runner) follow(ctx context.Context, d *Detection, line time.Time) error {
	l := r.lineage(d.ID)
	if len(l.matches) == 0 {
		return nil
	}
	r.mu.Lock()
	done := r.state[d.ID].followed
	r.mu.Unlock()
	head := r.o.Log.Head()
	if done.Position >= head {
		return nil
	}
	page, err := r.o.Store.EvidenceChanged(ctx, r.o.Tenant, l.matches, done.Position, head, followed)
	if err != nil {
		return fmt.Errorf("alerts that %s looks at: %w", d.ID, err)
	}
	next := head
	if len(page) == followed {
		next = page[followed-1].Sequence
	}
	if len(page) > 0 {
		spans, err := r.standingOn(ctx, l, page, done.Position)
		if err != nil {
			return fmt.Errorf("events of alerts that %s looks at: %w", d.ID, err)
		}
		if err := r.evaluateAll(ctx, d, l.looking(spans), line); err != nil {
			return err
		}
	}
	done.Position = next
	if len(page) > 0 { // what concerns it not may be read again
		done.Version++
		if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.followName(d.ID): done}); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state[d.ID].followed = done
	return nil
}

// looking are the periods in which versions that read alerts have to look at subjects again.
func (l *lineage) looking(spans []clickhouse.Span) map[clickhouse.Subject]period {
	periods := make(map[clickhouse.Subject]period)
	for i := range l.reigns {
		v := &l.reigns[i]
		if len(v.inputs.Matches) == 0 { // nor has one that is off
			continue
		}
		var near []clickhouse.Span
		for _, s := range spans {
			if v.reached(s.First, s.Last) {
				near = append(near, s)
			}
		}
		concerned(periods, v.version, near)
	}
	return periods
}

// standingOn are those whom the events belong to by which versions of alerts differ from those before, each with the time of such events; after is the
// sequence before the first of the versions.
func (r *Runner) standingOn(ctx context.Context, l *lineage, page []clickhouse.Evidence, after uint64) ([]clickhouse.Span, error) {
	last := make(map[string]*clickhouse.Evidence)
	for i := range page {
		last[page[i].AlertID] = nil
	}
	before, err := r.o.Store.EvidenceBefore(ctx, r.o.Tenant, l.matches, slices.Sorted(maps.Keys(last)), after)
	if err != nil {
		return nil, err
	}
	for i := range before {
		last[before[i].AlertID] = &before[i]
	}
	var all difference
	cut := make(map[clickhouse.Subject]period)
	for i := range page {
		v := &page[i]
		for _, p := range all.add(last[v.AlertID], v) {
			about := r.bound(v)
			if known, ok := cut[about]; ok {
				p = p.union(known.from, known.to)
			}
			cut[about] = p
		}
		last[v.AlertID] = v
	}
	concerned := make(map[clickhouse.Subject]period)
	add := func(spans []clickhouse.Span, err error) error {
		for _, s := range spans {
			p := period{s.First, s.Last}
			if known, ok := concerned[s.Subject]; ok {
				p = p.union(known.from, known.to)
			}
			concerned[s.Subject] = p
		}
		return err
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(all.ids)), keysPerCall) {
		if err := add(r.o.Store.SubjectsOfEvents(ctx, r.o.Tenant, l.matching, ids, all.from, all.to.Add(evidenceMargin))); err != nil {
			return nil, err
		}
	}
	if len(cut) > 0 {
		about := make([]clickhouse.Span, 0, len(cut))
		for s, p := range cut {
			about = append(about, clickhouse.Span{Subject: s, First: p.from, Last: p.to.Add(evidenceMargin)})
		}
		if err := add(r.o.Store.SubjectsOfSpans(ctx, r.o.Tenant, l.matching, about)); err != nil {
			return nil, err
		}
	}
	whom := make([]clickhouse.Span, 0, len(concerned))
	for s, p := range concerned {
		whom = append(whom, clickhouse.Span{Subject: s, First: p.from, Last: p.to})
	}
	return whom, nil
}

// bound is the subject by which the events of an alert are found that it does not name; the empty one where no event names it.
func (r *Runner) bound(v *clickhouse.Evidence) clickhouse.Subject {
	known := false
	for _, d := range r.active() {
		if d.ID == v.Detection {
			known = !slices.Contains(d.Collective[v.Type], v.ID)
		}
	}
	if !known || v.Type != "user" && v.Type != "address" && v.Type != "integration" {
		return clickhouse.Subject{}
	}
	return v.Subject
}

// difference is what versions of alerts differ in: events that one names and the other does not, all in the period.
type difference struct {
	ids map[string]bool
	period
}

// add compares a version with the one before, nil for none, and returns the periods in which events may be evidence of one of them alone
// without being named.
func (d *difference) add(before, now *clickhouse.Evidence) (cut []period) {
	was, is := before != nil && before.Raised, now.Raised
	one := func(v, other *clickhouse.Evidence, both bool) {
		for _, id := range v.EventIDs {
			if both && slices.Contains(other.EventIDs, id) {
				continue
			}
			if d.ids == nil {
				d.ids, d.period = make(map[string]bool), period{v.Start, v.End}
			}
			d.ids[id], d.period = true, d.union(v.Start, v.End)
		}
	}
	if was {
		one(before, now, is)
	}
	if is {
		one(now, before, was)
	}
	switch whole := func(v *clickhouse.Evidence) period { return period{v.Start, v.End} }; {
	case was && before.Cut() && is && now.Cut(): // it grew, as a rule
		for _, ends := range [][2]time.Time{{before.Start, now.Start}, {before.End, now.End}} {
			if slices.SortFunc(ends[:], time.Time.Compare); !ends[0].Equal(ends[1]) {
				cut = append(cut, period{ends[0], ends[1]})
			}
		}
	case was && before.Cut():
		cut = append(cut, whole(before))
	case is && now.Cut():
		cut = append(cut, whole(now))
	}
	return cut
}

// followers says which detections look at the alerts of one, for a re-evaluation, which does not count what becomes of theirs.
func (r *Runner) followers(detection string) []string {
	var names []string
	for _, d := range r.active() {
		if l := r.lineage(d.ID); l != nil && slices.Contains(l.matches, detection) {
			names = append(names, d.ID)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{"Its alerts are looked at by " + strings.Join(names, ", ") + ", which follow by themselves when this is put into force; their alerts are not counted here."}
}
