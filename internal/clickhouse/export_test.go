package clickhouse

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
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
