package clickhouse

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Evidence is what one version of an alert says of its events.
type Evidence struct {
	Sequence           uint64
	AlertID, Detection string
	// Subject of the alert.
	Subject
	Start, End time.Time
	// EventIDs are those that it names, Count is how many there are.
	EventIDs []string
	Count    uint64
	// Raised says that the version was neither suppressed nor retracted.
	Raised bool
}

// mostNamed is how many events an alert names.
const mostNamed = 100

// Cut says that there may be more events than it names: a full list is, because some detections count acts, of which each can be several records.
func (e *Evidence) Cut() bool {
	return e.Count > uint64(len(e.EventIDs)) || len(e.EventIDs) >= mostNamed
}

// EvidenceChanged returns the versions of the alerts of the detections after one sequence up to another, in order, up to limit of them.
func (d *DB) EvidenceChanged(ctx context.Context, tenant string, detections []string, after, upto uint64, limit int) ([]Evidence, error) {
	return d.evidence(ctx, "evidence_changed", named("tenant", tenant), list("detections", detections), named("after", after), named("upto", upto), named("limit", uint32(limit)))
}

// EvidenceBefore returns the version of each of the alerts that was the newest up to a sequence, where there was one.
func (d *DB) EvidenceBefore(ctx context.Context, tenant string, detections, ids []string, upto uint64) ([]Evidence, error) {
	return d.evidence(ctx, "evidence_before", named("tenant", tenant), list("detections", detections), list("ids", ids), named("upto", upto))
}

func (d *DB) evidence(ctx context.Context, query string, args ...driver.NamedValue) ([]Evidence, error) {
	var all []Evidence
	err := d.rows(ctx, query, func(r driver.Rows) error {
		var e Evidence
		err := r.Scan(&e.Sequence, &e.AlertID, &e.Detection, &e.Type, &e.ID, &e.Start, &e.End, &e.EventIDs, &e.Count, &e.Raised)
		all = append(all, e)
		return err
	}, args...)
	return all, err
}

// SubjectsOfEvents returns the subjects of some types that events belong to, all of which lie between from and to.
func (d *DB) SubjectsOfEvents(ctx context.Context, tenant string, types, ids []string, from, to time.Time) ([]Span, error) {
	return d.subjects(ctx, "evidence_subjects", named("tenant", tenant), list("types", types), list("ids", ids), named("from", moment(from)), named("to", moment(to)))
}

// SubjectsOfSpans returns the subjects of some types of the events that name one of about as theirs within its span; of all events in the span of one
// without a type. There MUST be some, and a thousand at most, so that the question stays short.
func (d *DB) SubjectsOfSpans(ctx context.Context, tenant string, types []string, about []Span) ([]Span, error) {
	var keys, froms, tos []string
	ids := make(map[string][]string)
	first, last := about[0].First, about[0].Last
	months := make(map[uint32]bool)
	for _, s := range about {
		key := "*"
		if s.Type != "" {
			key = s.Type + " " + s.ID
			ids[s.Type] = append(ids[s.Type], s.ID)
		}
		keys, froms, tos = append(keys, key), append(froms, moment(s.First)), append(tos, moment(s.Last))
		if s.First.Before(first) {
			first = s.First
		}
		if s.Last.After(last) {
			last = s.Last
		}
		for year, month, _ := s.First.UTC().Date(); ; month++ {
			begin := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
			if begin.After(s.Last) {
				break
			}
			months[uint32(begin.Year()*100+int(begin.Month()))] = true
		}
	}
	return d.subjects(ctx, "evidence_between", named("tenant", tenant), list("types", types), list("keys", keys), list("froms", froms), list("tos", tos),
		list("users", ids["user"]), list("addresses", ids["address"]), list("integrations", ids["integration"]),
		named("months", slices.Sorted(maps.Keys(months))), named("from", moment(first)), named("to", moment(last)))
}

func (d *DB) subjects(ctx context.Context, query string, args ...driver.NamedValue) ([]Span, error) {
	var all []Span
	err := d.rows(ctx, query, func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, args...)
	return all, err
}
