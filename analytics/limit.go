package analytics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// DailyLimit is the reason for which a finding is no alert when its detection had its alerts of that day already.
const DailyLimit = "daily_limit"

const oneDay = 24 * time.Hour

// ranked is a finding with its place in the day: by anchor, then subject, then key.
type ranked struct {
	anchor       time.Time
	subject, key string
	// finding is its number among the new ones, -1 for a standing one.
	finding  int
	standing *alert.Alert
}

func byRank(a, b ranked) int {
	return cmp.Or(a.anchor.Compare(b.anchor), cmp.Compare(a.subject, b.subject), cmp.Compare(a.key, b.key))
}

// limited suppresses of the findings those beyond the limit of their day, and returns the changes of standing alerts about
// others that thereby fall beyond the limit, or come back within, and for each of the days whether some are beyond. Which findings are raised depends on the set of findings of the
// day alone, whoever was evaluated first. Only findings that nothing else suppresses count.
func (r *Runner) limited(ctx context.Context, detection string, findings []alert.Finding, standing []alert.Alert, group map[clickhouse.Subject]period) ([]alert.Finding, []alert.Change, map[time.Time]bool, error) {
	l := r.lineage(detection)
	most := 0
	for i := range l.versions {
		most = max(most, l.versions[i].inputs.DailyLimit)
	}
	if most == 0 {
		return findings, nil, nil, nil
	}
	evaluated := func(s alert.Subject, anchor time.Time) bool {
		p, ok := group[subjectOf(s)]
		return ok && p.contains(anchor)
	}
	days := make(map[time.Time][]ranked)
	removed := make(map[time.Time]int)
	findings = slices.Clone(findings)
	for i := range findings {
		if f := &findings[i]; evaluated(f.Subject, f.Anchor) {
			day := f.Anchor.UTC().Truncate(oneDay)
			days[day] = append(days[day], ranked{anchor: f.Anchor, subject: f.Subject.ID, key: f.Key, finding: i})
		}
	}
	for i := range standing {
		if a := &standing[i]; evaluated(a.Subject, a.Anchor) {
			day := a.Anchor.UTC().Truncate(oneDay)
			if !a.Retracted {
				removed[day]++
			}
			if days[day] == nil { // what is taken away lets others come back
				days[day] = []ranked{}
			}
		}
	}
	var changes []alert.Change
	beyond := make(map[time.Time]bool, len(days))
	for day, all := range days {
		// the alerts of others that are raised, or would be, are among the first of them; one more tells that there are more
		others, err := r.o.Store.AlertsRanked(ctx, r.o.Tenant, detection, day, day.Add(oneDay), most+removed[day]+1)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("analytics: alerts of the day %s: %w", day.Format(time.DateOnly), err)
		}
		for i := range others {
			if a := &others[i]; !evaluated(a.Subject, a.Anchor) {
				all = append(all, ranked{anchor: a.Anchor, subject: a.Subject.ID, key: a.Key, finding: -1, standing: a})
			}
		}
		slices.SortFunc(all, byRank)
		some, over := rank(l, all, findings, 0)
		changes, beyond[day] = append(changes, some...), over
	}
	slices.SortFunc(changes, func(a, b alert.Change) int {
		return cmp.Or(a.Anchor.Compare(b.Anchor), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Key, b.Key))
	})
	return findings, changes, beyond, nil
}

// rank counts the findings of a day after those that have places already, each against the limit of the version that judges it, and
// says whether some are beyond.
func rank(l *lineage, all []ranked, findings []alert.Finding, n int) (changes []alert.Change, over bool) {
	for _, one := range all {
		limit := 0
		if v := l.at(one.anchor); v != nil {
			limit = v.inputs.DailyLimit
		}
		if one.standing == nil {
			f := &findings[one.finding]
			if len(f.SuppressedBy) > 0 {
				continue
			}
			if n++; limit > 0 && n > limit {
				f.SuppressedBy, over = []string{DailyLimit}, true
			}
			continue
		}
		n++
		a := one.standing
		beyond := limit > 0 && n > limit
		over = over || beyond
		if beyond != (len(a.SuppressedBy) > 0) {
			c := alert.Change{Kind: alert.ChangeUpdated, Alert: *a}
			c.Follow(a)
			c.Actor, c.SuppressedBy = "analysis", []string{}
			if beyond {
				c.SuppressedBy, c.Context = []string{DailyLimit}, nil
			}
			changes = append(changes, c)
		}
	}
	return changes, over
}

// takesPlace says whether a finding takes a place of its day: nothing but the limit suppresses it.
func takesPlace(a *alert.Alert) bool {
	return !a.Retracted && (len(a.SuppressedBy) == 0 || slices.Equal(a.SuppressedBy, []string{DailyLimit}))
}

// takingPlaces are the alerts of a detection that take places of a day, between two times of it, the end excluded.
func (r *Runner) takingPlaces(ctx context.Context, detection string, from, to time.Time) ([]alert.Alert, error) {
	all, err := r.o.Store.AlertsAnchored(ctx, r.o.Tenant, detection, from, to)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a alert.Alert) bool { return !takesPlace(&a) || a.Anchor.Before(from) || !a.Anchor.Before(to) })
	slices.SortFunc(all, func(a, b alert.Alert) int {
		return byRank(ranked{anchor: a.Anchor, subject: a.Subject.ID, key: a.Key}, ranked{anchor: b.Anchor, subject: b.Subject.ID, key: b.Key})
	})
	return all, nil
}

// placesBefore counts what takes places of the day on which a span begins and comes before the span.
func (r *Runner) placesBefore(ctx context.Context, detection string, from time.Time, d *dayLimit) error {
	day := from.Truncate(oneDay)
	if d.limit == 0 || day.Equal(from) {
		return nil
	}
	before, err := r.takingPlaces(ctx, detection, day, from)
	d.day, d.n = day, len(before)
	return err
}

// placesAfter are the changes of alerts on the day on which a span ends that come after the span: what takes fewer or more places in it
// lets some come back, or has others fall beyond the limit.
func (r *Runner) placesAfter(ctx context.Context, detection string, to time.Time, d *dayLimit) (standing []alert.Alert, changes []alert.Change, err error) {
	day := to.Truncate(oneDay)
	if d.limit == 0 || day.Equal(to) {
		return nil, nil, nil
	}
	rest, err := r.takingPlaces(ctx, detection, to, day.Add(oneDay))
	if err != nil {
		return nil, nil, err
	}
	all := make([]ranked, 0, len(rest))
	for i := range rest {
		all = append(all, ranked{anchor: rest[i].Anchor, subject: rest[i].Subject.ID, key: rest[i].Key, finding: -1, standing: &rest[i]})
	}
	taken := 0
	if d.day.Equal(day) {
		taken = d.n
	}
	changes, _ = rank(r.lineage(detection), all, nil, taken)
	for i := range changes {
		at := slices.IndexFunc(rest, func(a alert.Alert) bool { return a.ID == changes[i].ID })
		standing = append(standing, rest[at])
	}
	return standing, changes, nil
}

// dayLimit suppresses the findings of a backtest beyond the limit of their day. They come day by day, and each once.
type dayLimit struct {
	limit int
	day   time.Time
	n     int
}

func (d *dayLimit) apply(findings []alert.Finding) {
	if d.limit == 0 {
		return
	}
	order := make([]int, len(findings))
	for i := range order {
		order[i] = i
	}
	place := func(i int) ranked {
		f := &findings[i]
		return ranked{anchor: f.Anchor, subject: f.Subject.ID, key: f.Key}
	}
	slices.SortFunc(order, func(a, b int) int { return byRank(place(a), place(b)) })
	for _, i := range order {
		f := &findings[i]
		if day := f.Anchor.UTC().Truncate(oneDay); !day.Equal(d.day) {
			d.day, d.n = day, 0
		}
		if len(f.SuppressedBy) > 0 {
			continue
		}
		if d.n++; d.n > d.limit {
			f.SuppressedBy = []string{DailyLimit}
		}
	}
}
