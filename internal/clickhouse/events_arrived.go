package clickhouse

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/event"
)

// Arrived selects events in the order of arrival. What is empty selects all; Activities and Administrative are joined by OR.
type Arrived struct {
	// After and UpTo are sequences, the first excluded.
	After, UpTo uint64
	// Since is the earliest time of an event.
	Since          time.Time
	Activities     []string
	Administrative bool
	// Users who acted or were affected, by DocuSign's id, or by an e-mail address or a name that the event or the directory has.
	Users []string
}

// ArrivedEvents returns the first events of those selected, at most so many, without their records, and the sequence through which they
// are all.
func (d *DB) ArrivedEvents(ctx context.Context, tenant string, q Arrived, limit int) (page []event.Event, through uint64, err error) {
	names := make([]string, len(q.Users))
	for i, u := range q.Users {
		names[i] = strings.ToLower(strings.TrimSpace(u))
	}
	with := func(upTo uint64) []driver.NamedValue {
		return []driver.NamedValue{named("tenant", tenant), named("after", q.After), named("up_to", upTo), named("since", momentOr(q.Since, earliest)), list("activities", q.Activities), named("administrative", q.Administrative),
			list("users", q.Users), list("names", names), named("limit", uint32(limit))} //nolint:gosec // a page
	}
	var found uint64
	if err = d.rows(ctx, "events_arrived_through", func(r driver.Rows) error { return r.Scan(&found, &through) }, with(q.UpTo)...); err != nil {
		return nil, 0, err
	}
	if found == 0 {
		return nil, q.UpTo, nil
	}
	read := through
	if found < uint64(limit) { //nolint:gosec // a page
		through = q.UpTo
	}
	err = d.rows(ctx, "events_arrived", func(r driver.Rows) error {
		e, err := scanEvent(r, tenant)
		page = append(page, e)
		return err
	}, with(read)...)
	for i := range page {
		page[i].IP, _ = netip.ParseAddr(page[i].IPAddress) // empty, or none
	}
	return page, through, err
}
