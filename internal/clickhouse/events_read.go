package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// GetEvent returns one event with its raw record, or fault.NotFound.
func (d *DB) GetEvent(ctx context.Context, tenant, id string) (event.Event, error) {
	found, err := d.ListEvents(ctx, tenant, event.Filter{IDs: []string{id}}, event.Cursor{}, 1, true)
	if err != nil {
		return event.Event{}, err
	}
	if len(found) == 0 {
		return event.Event{}, fault.New(fault.NotFound, "no event %q is stored", id)
	}
	return found[0], nil
}

// ListEvents returns up to limit events after the cursor, newest first; raw records only when full.
func (d *DB) ListEvents(ctx context.Context, tenant string, f event.Filter, after event.Cursor, limit int, full bool) ([]event.Event, error) {
	var page []event.Event
	err := d.rows(ctx, "events_list", func(r driver.Rows) error {
		e, err := scanEvent(r, tenant)
		page = append(page, e)
		return err
	}, named("tenant", tenant), named("full", full), named("limit", uint32(limit)),
		named("start", momentOr(f.Start, earliest)), named("end", momentOr(f.End, latest)),
		named("after_ts", momentOr(after.Time, latest)), named("after_id", after.ID),
		list("user_ids", f.UserIDs), list("ip_addresses", f.IPAddresses), list("activities", f.Activities), list("countries", f.Countries),
		list("objects", f.Objects), list("actions", f.Actions), list("ids", f.IDs), list("sources", f.Sources))
	return page, err
}

// scanEvent reads a row with the columns of events_list.
func scanEvent(r driver.Rows, tenant string) (event.Event, error) {
	e := event.Event{Tenant: tenant}
	p := &e.Place
	var g event.Geo
	err := r.Scan(&e.Source, &e.ID, &e.Sequence, &e.Time, &e.Arrival, &e.Site, &e.AccountID, &e.OrganizationID, &e.UserID, &e.UserName, &e.UserEmail,
		&e.IntegrationKey, &e.AffectedUserID, &e.ReferencedUserID, &e.Object, &e.Action, &e.Property, &e.Field, &e.Result, &e.Channel, &e.Activity, &e.Administrative,
		&e.IPAddress, &e.ASN, &e.ASOrganization, &p.Kind, &p.Country, &p.CountryName, &p.Region, &p.City, &p.Latitude, &p.Longitude, &p.AccuracyKM, &p.LocatedBy, &p.NetworkBy,
		&e.UserAgent, &e.Browser, &e.OS, &e.DeviceType, &e.ProxyStatus, &e.ProxyType, &e.ProxyLevel, &e.EnvelopeID, &e.AlertEventIDs, &e.AlertSeverity, &e.Data, &e.Raw,
		&g.Kind, &g.Country, &g.CountryName, &g.Region, &g.City, &g.Latitude, &g.Longitude, &g.AccuracyKM, &g.LocatedBy, &g.ASN, &g.ASOrganization, &g.NetworkBy)
	if g.Kind != "" {
		e.Geo = &g
	}
	return e, err
}

// EventTotals are counts over all events.
type EventTotals struct {
	Stored, Held, Conflicts uint64
}

// EventTotals counts; line is the clock, which held events wait for.
func (d *DB) EventTotals(ctx context.Context, line time.Time) (EventTotals, error) {
	var t EventTotals
	err := d.rows(ctx, "events_totals", func(r driver.Rows) error { return r.Scan(&t.Stored, &t.Held, &t.Conflicts) },
		named("line", moment(line)))
	return t, err
}

// UnknownActivities are the (object, action) pairs since the given event time that the classification does not know,
// the most frequent first, a hundred at most.
func (d *DB) UnknownActivities(ctx context.Context, since time.Time) ([]status.UnknownActivity, error) {
	var all []status.UnknownActivity
	err := d.rows(ctx, "events_unknown_activities", func(r driver.Rows) error {
		var u status.UnknownActivity
		err := r.Scan(&u.Object, &u.Action, &u.Events, &u.Last)
		all = append(all, u)
		return err
	}, named("since", moment(since)))
	return all, err
}

// Watermark is the latest event time of what is not held when the clock is at line; zero before the first event.
func (d *DB) Watermark(ctx context.Context, tenant string, line time.Time) (time.Time, error) {
	var n uint64
	var latest time.Time
	err := d.rows(ctx, "events_watermark", func(r driver.Rows) error { return r.Scan(&n, &latest) }, named("tenant", tenant), named("line", moment(line)))
	if n == 0 {
		latest = time.Time{}
	}
	return latest, err
}

// FirstArrival is when the first event came in of those that were stored after the sequence; zero when there are none.
func (d *DB) FirstArrival(ctx context.Context, tenant string, after uint64) (time.Time, error) {
	var n uint64
	var first time.Time
	err := d.rows(ctx, "events_first_arrival", func(r driver.Rows) error { return r.Scan(&n, &first) }, named("tenant", tenant), named("after", after))
	if n == 0 {
		first = time.Time{}
	}
	return first, err
}

// EventDay is how many events there are of one day, in UTC.
type EventDay struct {
	Day    time.Time
	Events uint64
}

// EventDays counts the events with a time from from (inclusive) to to (exclusive) by day, in order; days without events
// are left out. The zero time means unbounded.
func (d *DB) EventDays(ctx context.Context, tenant string, from, to time.Time) ([]EventDay, error) {
	var all []EventDay
	err := d.rows(ctx, "events_days", func(r driver.Rows) error {
		var day EventDay
		err := r.Scan(&day.Day, &day.Events)
		all = append(all, day)
		return err
	}, named("tenant", tenant), named("from", momentOr(from, earliest)), named("to", momentOr(to, latest)))
	return all, err
}

// CountEventsOf counts the events of users.
func (d *DB) CountEventsOf(ctx context.Context, tenant string, users []string) (n uint64, err error) {
	err = d.rows(ctx, "events_of", func(r driver.Rows) error { return r.Scan(&n) }, named("tenant", tenant), list("users", users))
	return n, err
}

// SourcesSeen are the ways in as the stored events show them: name, last arrival, last event and its lag.
func (d *DB) SourcesSeen(ctx context.Context, tenant string, line time.Time) ([]status.Source, error) {
	var all []status.Source
	err := d.rows(ctx, "sources_seen", func(r driver.Rows) error {
		var s status.Source
		var arrived time.Time
		err := r.Scan(&s.Name, &s.LastArrival, &s.LastEvent, &arrived)
		s.Lag = max(0, s.LastArrival.Sub(arrived))
		all = append(all, s)
		return err
	}, named("tenant", tenant), named("line", moment(line)))
	return all, err
}
