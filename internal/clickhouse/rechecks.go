package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Recheck asks the analysis to look at a subject again, because something else than an event changed.
type Recheck struct {
	Sequence uint64
	// Detection is empty for all.
	Detection string
	// Subject is empty for every subject.
	Subject
	// First and Last are the event times between which something changed.
	First, Last time.Time
	// Reason says what: directory, intelligence, feedback, a person's request.
	Reason string
}

// Reasons of rechecks that say how far the analysis is with a subject that was too much for the engine.
const (
	ReasonTooMuch   = "too much"
	ReasonEvaluated = "too much, evaluated"
)

// AddRechecks stores rechecks; their sequences MUST follow the last stored one.
func (d *DB) AddRechecks(ctx context.Context, token, tenant string, all []Recheck) error {
	at := now()
	return d.insert(ctx, "rechecks_insert", token, func(b driver.Batch) error {
		for _, r := range all {
			if err := b.Append(r.Sequence, tenant, r.Detection, r.Type, r.ID, r.First.UTC(), r.Last.UTC(), r.Reason, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastRecheck is the sequence of the last recheck; 0 when there is none.
func (d *DB) LastRecheck(ctx context.Context) (uint64, error) {
	var last uint64
	err := d.rows(ctx, "rechecks_last", func(r driver.Rows) error { return r.Scan(&last) })
	return last, err
}

// Rechecks returns the tenant's rechecks after the sequence, in order, 10,000 at most.
func (d *DB) Rechecks(ctx context.Context, tenant string, after uint64) ([]Recheck, error) {
	var all []Recheck
	err := d.rows(ctx, "rechecks_read", func(r driver.Rows) error {
		var c Recheck
		err := r.Scan(&c.Sequence, &c.Detection, &c.Type, &c.ID, &c.First, &c.Last, &c.Reason)
		all = append(all, c)
		return err
	}, named("tenant", tenant), named("after", after))
	return all, err
}

// Postponed returns, of each detection and subject that was too much for the engine and has not been evaluated since, the span
// to look at.
func (d *DB) Postponed(ctx context.Context, tenant string) ([]Recheck, error) {
	var all []Recheck
	err := d.rows(ctx, "rechecks_postponed", func(r driver.Rows) error {
		c := Recheck{Reason: ReasonTooMuch}
		err := r.Scan(&c.Sequence, &c.Detection, &c.Type, &c.ID, &c.First, &c.Last)
		all = append(all, c)
		return err
	}, named("tenant", tenant), named("too_much", ReasonTooMuch), named("evaluated", ReasonEvaluated))
	return all, err
}

// RecheckReasons are the reasons of the tenant's rechecks that begin with prefix, as detection and reason.
func (d *DB) RecheckReasons(ctx context.Context, tenant, prefix string) (map[[2]string]bool, error) {
	all := make(map[[2]string]bool)
	err := d.rows(ctx, "rechecks_reasons", func(r driver.Rows) error {
		var key [2]string
		err := r.Scan(&key[0], &key[1])
		all[key] = true
		return err
	}, named("tenant", tenant), named("prefix", prefix))
	return all, err
}

// SubjectsBetween returns every subject of the types with events in the span of time.
func (d *DB) SubjectsBetween(ctx context.Context, tenant string, types []string, from, to time.Time) ([]Span, error) {
	var all []Span
	err := d.rows(ctx, "analysis_subjects", func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, named("tenant", tenant), list("types", types), named("from", moment(from)), named("to", moment(to)))
	return all, err
}
