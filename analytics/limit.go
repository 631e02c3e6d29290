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
// others that thereby fall beyond the limit, or come back within. Which findings are raised depends on the set of findings of the
// day alone, whoever was evaluated first. Only findings that nothing else suppresses count.
func (r *Runner) limited(ctx context.Context, detection string, findings []alert.Finding, standing []alert.Alert, group map[clickhouse.Subject]period) ([]alert.Finding, []alert.Change, error) {
	l := r.lineage(detection)
	most := 0
	for i := range l.versions {
		most = max(most, l.versions[i].inputs.DailyLimit)
	}
	if most == 0 {
		return findings, nil, nil
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
		if a := &standing[i]; !a.Retracted && evaluated(a.Subject, a.Anchor) {
			day := a.Anchor.UTC().Truncate(oneDay)
			removed[day]++
			if days[day] == nil { // what is taken away lets others come back
				days[day] = []ranked{}
			}
		}
	}
	var changes []alert.Change
	for day, all := range days {
		// the alerts of others that are raised, or would be, are among the first of them
		others, err := r.o.Store.AlertsRanked(ctx, r.o.Tenant, detection, day, day.Add(oneDay), most+removed[day])
		if err != nil {
			return nil, nil, fmt.Errorf("analytics: alerts of the day %s: %w", day.Format(time.DateOnly), err)
		}
		for i := range others {
			if a := &others[i]; !evaluated(a.Subject, a.Anchor) {
				all = append(all, ranked{anchor: a.Anchor, subject: a.Subject.ID, key: a.Key, finding: -1, standing: a})
			}
		}
		slices.SortFunc(all, byRank)
		changes = append(changes, rank(l, all, findings)...)
	}
	slices.SortFunc(changes, func(a, b alert.Change) int {
		return cmp.Or(a.Anchor.Compare(b.Anchor), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Key, b.Key))
	})
	return findings, changes, nil
}

// rank counts the findings of a day, each against the limit of the version that judges it.
func rank(l *lineage, all []ranked, findings []alert.Finding) (changes []alert.Change) {
	n := 0
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
				f.SuppressedBy = []string{DailyLimit}
			}
			continue
		}
		n++
		a := one.standing
		if beyond := limit > 0 && n > limit; beyond != (len(a.SuppressedBy) > 0) {
			c := alert.Change{Kind: alert.ChangeUpdated, Alert: *a}
			c.Follow(a)
			c.Actor, c.SuppressedBy = "analysis", []string{}
			if beyond {
				c.SuppressedBy, c.Context = []string{DailyLimit}, nil
			}
			changes = append(changes, c)
		}
	}
	return changes
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
