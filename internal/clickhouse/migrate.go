package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migration is one step of the schema: a single idempotent statement that changes no row. Dropping a column, an index or a projection is a
// mutation for the engine (system.mutations), which rewrites no row: it removes the files of what is dropped from each part. What is added
// applies to new parts, and to old ones when they are merged.
type Migration struct {
	// Number counts from 1 without a gap.
	Number int
	Name   string
	SQL    string
}

// Migrations are all steps in order.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []Migration
	for i, path := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql")
		digits, name, ok := strings.Cut(base, "_")
		number, err := strconv.Atoi(digits)
		if !ok || err != nil || number != i+1 {
			return nil, fmt.Errorf("clickhouse: migration %s: expected number %04d", path, i+1)
		}
		b, err := migrationFiles.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, Migration{Number: number, Name: name, SQL: string(b)})
	}
	return all, nil
}

// Migrate brings the schema to the present state and returns the number of steps that it took. Every step may run
// again after any interruption. A database that a later version of Sealwatch has migrated is refused.
func (d *DB) Migrate(ctx context.Context) (int, error) {
	all, err := Migrations()
	if err != nil {
		return 0, err
	}
	return d.migrate(ctx, all)
}

func (d *DB) migrate(ctx context.Context, all []Migration) (int, error) {
	if err := d.exec(ctx, "migrations_create"); err != nil {
		return 0, err
	}
	have, err := d.SchemaVersion(ctx)
	if err != nil {
		return 0, err
	}
	if have > len(all) {
		return 0, fmt.Errorf("clickhouse: the database has schema version %d, this version of Sealwatch knows %d: use the later version that migrated it", have, len(all))
	}
	for _, m := range all[have:] {
		// A dictionary's source is a text of its own, in which the database is not known.
		sql := strings.ReplaceAll(m.SQL, "{{database}}", d.database)
		if err := d.conn.Exec(ctx, sql); err != nil {
			return m.Number - 1 - have, fmt.Errorf("clickhouse: migration %04d %s: %w", m.Number, m.Name, classify(ctx, err))
		}
		err := d.insert(ctx, "migrations_insert", fmt.Sprintf("migration/%d", m.Number), func(b driver.Batch) error {
			return b.Append(uint32(m.Number), m.Name, time.Now().UTC())
		})
		if err != nil {
			return m.Number - 1 - have, err
		}
	}
	return len(all) - have, nil
}

// SchemaVersion is the number of the last step that was taken; 0 before the first.
func (d *DB) SchemaVersion(ctx context.Context) (int, error) {
	var version uint32
	err := d.rows(ctx, "migrations_version", func(r driver.Rows) error { return r.Scan(&version) })
	return int(version), err
}

// Expire removes the months of events that ended before the given event time, and returns their number. Nothing older than
// that MUST be inserted meanwhile.
func (d *DB) Expire(ctx context.Context, before time.Time) (int, error) {
	return d.expire(ctx, "events", "retention_drop", before)
}

// ExpireAudit removes the months of the audit that ended before the given time, and returns their number.
func (d *DB) ExpireAudit(ctx context.Context, before time.Time) (int, error) {
	return d.expire(ctx, "audit_log", "audit_drop", before)
}

func (d *DB) expire(ctx context.Context, table, drop string, before time.Time) (int, error) {
	var months []uint32
	err := d.rows(ctx, "retention_expired", func(r driver.Rows) error {
		var partition string
		if err := r.Scan(&partition); err != nil {
			return err
		}
		month, err := strconv.ParseUint(partition, 10, 32)
		months = append(months, uint32(month))
		return err
	}, named("table", table), named("before", moment(before)))
	for i, m := range months {
		if err == nil {
			err = d.exec(ctx, drop, named("month", m))
		}
		if err != nil {
			return i, err
		}
	}
	return len(months), err
}
