package clickhouse

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/directory"
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

// SchemaPage describes every table and column by its comment.
func SchemaPage(ctx context.Context, d *DB) (string, error) {
	var b strings.Builder
	b.WriteString("# The schema\nGenerated from the comments in `internal/clickhouse/migrations`; `DESCRIBE TABLE` shows the same. The database is `sealwatch`. Names are stable.\n")
	last := ""
	err := d.query(ctx, "schema page", `SELECT t.name, t.comment, t.engine = 'View', c.name, c.type, c.comment FROM system.tables AS t
		INNER JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
		WHERE t.database = currentDatabase() ORDER BY t.name, c.position`, func(r driver.Rows) error {
		var table, about, column, typ, comment string
		var view uint8
		if err := r.Scan(&table, &about, &view, &column, &typ, &comment); err != nil {
			return err
		}
		if table != last {
			last = table
			b.WriteString("\n## " + table + "\n" + about + ".\n\n| column | type | |\n|---|---|---|\n")
		}
		b.WriteString("| `" + column + "` | `" + typ + "` | " + comment + " |\n")
		return nil
	})
	return b.String(), err
}

// CountByProjection counts an id by the projection by_id alone.
func CountByProjection(ctx context.Context, d *DB, id string) (uint64, error) {
	var n uint64
	err := d.query(ctx, "projection", "SELECT count() FROM events WHERE tenant = 'default' AND event_id = {id:String} SETTINGS force_optimize_projection = 1, force_optimize_projection_name = 'by_id'",
		func(r driver.Rows) error { return r.Scan(&n) }, named("id", id))
	return n, err
}

// AddressIntelligence is what the dictionary says of an address, as a text.
func AddressIntelligence(ctx context.Context, d *DB, address string) (string, error) {
	var s string
	err := d.query(ctx, "address intelligence", `WITH toIPv6({address:String}) AS ip
		SELECT format('{} {} [{}] {} [{}]', dictGet('address_intelligence', 'source', ip), dictGet('address_intelligence', 'category', ip), arrayStringConcat(dictGet('address_intelligence', 'tags', ip), ','),
		toString(dictGet('address_intelligence', 'confidence', ip)), arrayStringConcat(dictGet('address_intelligence', 'sources', ip), ','))`,
		func(r driver.Rows) error { return r.Scan(&s) }, named("address", address))
	return s, err
}

// CountRows runs a statement and counts its rows.
func CountRows(ctx context.Context, d *DB, sql string) (n int, err error) {
	err = d.query(ctx, "example", sql, func(driver.Rows) error { n++; return nil })
	return n, err
}

// The codes by which the engine refuses.
var (
	OfData      = ofData
	OfStatement = ofStatement
)

// ErrorNames are the engine's own names of its codes.
func ErrorNames(ctx context.Context, d *DB) (map[int32]string, error) {
	all := map[int32]string{}
	err := d.query(ctx, "error names", "SELECT toInt32(number), toString(errorCodeToName(number)) FROM numbers(1100)", func(r driver.Rows) error {
		var code int32
		var name string
		err := r.Scan(&code, &name)
		all[code] = name
		return err
	})
	return all, err
}

// Text is the one value of a statement.
func Text(ctx context.Context, d *DB, sql string, args ...driver.NamedValue) (s string, err error) {
	err = d.query(ctx, "text", sql, func(r driver.Rows) error { return r.Scan(&s) }, args...)
	return s, err
}

// PassesLeft are the needless passes that the connections of d do not turn off.
func PassesLeft(ctx context.Context, d *DB) (left []string, err error) {
	err = d.query(ctx, "settings", "SELECT name FROM system.settings WHERE name IN {names:Array(String)} AND value != '0'", func(r driver.Rows) error {
		left = append(left, "")
		return r.Scan(&left[len(left)-1])
	}, list("names", needlessPasses))
	return left, err
}

// Exec runs a statement that returns nothing.
func Exec(ctx context.Context, d *DB, sql string) error { return d.conn.Exec(ctx, sql) }

// RelatedPeople are the ids of the people from whom DirectoryAt chooses.
func RelatedPeople(ctx context.Context, d *DB, tenant string, keys []string) (ids []string, err error) {
	err = d.people(ctx, "directory_related", tenant, func(s *directory.State) error {
		ids = append(ids, s.DirectoryID)
		return nil
	}, list("keys", keys))
	return ids, err
}

// TableID is the engine's own id of a table or view, which it has until it is made again.
func TableID(ctx context.Context, d *DB, name string) (id string, err error) {
	err = d.query(ctx, "table id", "SELECT toString(uuid) FROM system.tables WHERE database = currentDatabase() AND name = {name:String}", func(r driver.Rows) error { return r.Scan(&id) }, named("name", name))
	return id, err
}
