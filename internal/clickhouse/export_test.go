package clickhouse

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/event"
)

// MigrateTo stops at a past state.
func MigrateTo(ctx context.Context, d *DB, number int) (int, error) {
	all, err := Migrations()
	if err != nil {
		return 0, err
	}
	return d.migrate(ctx, all[:number])
}

// DescribeSchema is the text of all tables, without the name of the database.
func DescribeSchema(ctx context.Context, d *DB) (string, error) {
	var b strings.Builder
	err := d.query(ctx, "schema", "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name", func(r driver.Rows) error {
		var s string
		err := r.Scan(&s)
		b.WriteString(strings.ReplaceAll(s, d.database+".", "") + "\n")
		return err
	})
	return b.String(), err
}

// Looked counts the events whose ids would be looked up.
func (x *Identities) Looked(events []event.Event) int {
	n := 0
	for i := range events {
		if x.has(hashOf(events[i].Tenant, events[i].ID)) {
			n++
		}
	}
	return n
}
