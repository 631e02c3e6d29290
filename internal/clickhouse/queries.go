package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// statement is the text of a file in queries/; a name that does not exist is a defect that every test would meet.
func statement(name string) string {
	b, err := queryFiles.ReadFile("queries/" + name + ".sql")
	if err != nil {
		//nolint:forbidigo // a missing file is met by every test of that statement
		panic(fmt.Sprintf("clickhouse: no statement %s: %v", name, err))
	}
	return string(b)
}

// Bounds of event time for filters without an end.
var (
	earliest = time.Date(1925, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// moment formats a time for a parameter of type DateTime64(7, 'UTC').
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.0000000") }

// momentOr is moment, or other for the zero time.
func momentOr(t, other time.Time) string {
	if t.IsZero() {
		t = other
	}
	return moment(t)
}

func named(name string, value any) driver.NamedValue { return clickhouse.Named(name, value) }

// list is a parameter of type Array(String); nil is the empty array.
func list(name string, values []string) driver.NamedValue {
	if values == nil {
		values = []string{}
	}
	return clickhouse.Named(name, values)
}

// rows runs a statement of queries/ and calls each for every row.
func (d *DB) rows(ctx context.Context, name string, each func(driver.Rows) error, args ...driver.NamedValue) error {
	return d.query(ctx, name, statement(name), each, args...)
}

func (d *DB) query(ctx context.Context, what, sql string, each func(driver.Rows) error, args ...driver.NamedValue) error {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	r, err := d.conn.Query(ctx, sql, values...)
	if err != nil {
		return fmt.Errorf("clickhouse: %s: %w", what, classify(ctx, err))
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		if err := each(r); err != nil {
			return fmt.Errorf("clickhouse: %s: %w", what, err)
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("clickhouse: %s: %w", what, classify(ctx, err))
	}
	return nil
}

// exec runs a statement of queries/ that returns nothing.
func (d *DB) exec(ctx context.Context, name string, args ...driver.NamedValue) error {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	if err := d.conn.Exec(ctx, statement(name), values...); err != nil {
		return fmt.Errorf("clickhouse: %s: %w", name, classify(ctx, err))
	}
	return nil
}

// insertion is the shape of the statements in queries/*_insert.sql and their like.
var insertion = regexp.MustCompile(`(?s)^INSERT INTO ([a-z_]+)\s*\(([a-z_,\s]+)\)\s*$`)

// columnTypes are the columns of an INSERT with their types. They are asked for once: over HTTP the driver would ask before
// every insert.
func (d *DB) columnTypes(ctx context.Context, name, sql string) ([]clickhouse.ColumnNameAndType, error) {
	if known, ok := d.inserts.Load(name); ok {
		return known.([]clickhouse.ColumnNameAndType), nil
	}
	m := insertion.FindStringSubmatch(sql)
	if m == nil {
		return nil, fmt.Errorf("clickhouse: %s: expected INSERT INTO table (columns)", name)
	}
	types := make(map[string]string)
	err := d.rows(ctx, "table_columns", func(r driver.Rows) error {
		var column, typ string
		err := r.Scan(&column, &typ)
		types[column] = typ
		return err
	}, named("table", m[1]))
	if err != nil {
		return nil, err
	}
	var columns []clickhouse.ColumnNameAndType
	for _, c := range strings.Split(m[2], ",") {
		c = strings.TrimSpace(c)
		if types[c] == "" {
			return nil, fmt.Errorf("clickhouse: %s: table %s has no column %s", name, m[1], c)
		}
		columns = append(columns, clickhouse.ColumnNameAndType{Name: c, Type: types[c]})
	}
	d.inserts.Store(name, columns)
	return columns, nil
}

// insert sends a batch that fill appends to; nil means that it is on disk. The token lets a retry of the same batch
// count once: it MUST be another for every other batch, because a token that comes again with other rows loses them
// without an error.
func (d *DB) insert(ctx context.Context, name, token string, fill func(driver.Batch) error) error {
	sql := statement(name)
	types, err := d.columnTypes(ctx, name, sql)
	if err != nil {
		return err
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithColumnNamesAndTypes(types), clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token": token,
		// the acknowledgement would come before the part is on disk
		"async_insert": 0,
		// a backfill spans more months than the default of 100 allows in five years
		"max_partitions_per_insert_block": 0,
	}))
	b, err := d.conn.PrepareBatch(ctx, sql)
	if err != nil {
		return fmt.Errorf("clickhouse: %s: %w", name, classify(ctx, err))
	}
	defer func() { _ = b.Close() }()
	if err := fill(b); err != nil {
		return fmt.Errorf("clickhouse: %s: %w", name, err)
	}
	if err := b.Send(); err != nil {
		return fmt.Errorf("clickhouse: %s: %w", name, classify(ctx, err))
	}
	return nil
}
