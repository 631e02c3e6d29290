package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/timeline"
)

// TimelineAccounts are those who acted under one of the ids, addresses or names (the latter as alert.Plain makes them) from from (inclusive) to to (exclusive), a hundred at
// most.
func (d *DB) TimelineAccounts(ctx context.Context, tenant string, ids, emails, names []string, from, to time.Time) ([]timeline.Account, error) {
	var all []timeline.Account
	err := d.rows(ctx, "timeline_accounts", func(r driver.Rows) error {
		var a timeline.Account
		err := r.Scan(&a.ID, &a.Email, &a.Name)
		all = append(all, a)
		return err
	}, named("tenant", tenant), list("ids", ids), list("emails", emails), list("names", names), named("from", moment(from)), named("to", moment(to)))
	return all, err
}

// mostEmails is how many addresses are looked for in the text of records; ClickHouse takes 255.
const mostEmails = 200

// TimelineSteps are what the users did and what was done to them or names them, by id or by e-mail (in lower case), in order, after a time
// and an id.
func (d *DB) TimelineSteps(ctx context.Context, tenant string, users, emails []string, from, to, afterTime time.Time, afterID string, limit int) ([]timeline.Step, error) {
	var all []timeline.Step
	err := d.rows(ctx, "timeline_events", func(r driver.Rows) error {
		var s timeline.Step
		err := r.Scan(&s.Time, &s.ID, &s.Relation)
		all = append(all, s)
		return err
	}, named("tenant", tenant), list("users", users), list("emails", emails[:min(len(emails), mostEmails)]), named("from", moment(from)), named("to", moment(to)), named("after_ts", momentOr(afterTime, earliest)), named("after_id", afterID), named("limit", uint32(limit)))
	return all, err
}

// TimelineTraits are the places, addresses, networks and devices of what the users did.
func (d *DB) TimelineTraits(ctx context.Context, tenant string, users []string, from, to time.Time) ([]timeline.Trait, error) {
	var all []timeline.Trait
	err := d.rows(ctx, "timeline_traits", func(r driver.Rows) error {
		var t timeline.Trait
		err := r.Scan(&t.Kind, &t.Value, &t.Label, &t.Events, &t.First, &t.Last, &t.New)
		all = append(all, t)
		return err
	}, named("tenant", tenant), list("users", users), named("from", moment(from)), named("to", moment(to)))
	return all, err
}
