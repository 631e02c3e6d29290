package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// NamesInEvents are what the events call users and applications, by id, from ninety days before first to last. Those whom they do not name are left out.
func (d *DB) NamesInEvents(ctx context.Context, tenant string, line time.Time, users, applications []string, first, last time.Time) (map[string]alert.Named, error) {
	all := map[string]alert.Named{}
	if len(users)+len(applications) == 0 {
		return all, nil
	}
	err := d.rows(ctx, "context_names", func(r driver.Rows) error {
		var n alert.Named
		if err := r.Scan(&n.ID, &n.Email, &n.Name); err != nil {
			return err
		}
		all[n.ID] = n
		return nil
	}, named("tenant", tenant), named("line", momentOr(line, latest)), named("first", moment(first)), named("last", moment(last)), list("users", users), list("applications", applications))
	return all, err
}

// AlertsMentioning returns the raised alerts about others that tell of one of the users by id, 255 users at most: of many alerts the limit that changed last.
func (d *DB) AlertsMentioning(ctx context.Context, tenant string, users []string, limit int) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "context_mentioning", named("tenant", tenant), list("users", users), named("limit", uint32(limit))) //nolint:gosec // a constant of the caller
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}
