package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Exceptions are all exceptions of the tenant, removed ones too, the newest first.
func (d *DB) Exceptions(ctx context.Context, tenant string) ([]alert.Exception, error) {
	var all []alert.Exception
	err := d.rows(ctx, "exceptions_list", func(r driver.Rows) error {
		var e alert.Exception
		if err := r.Scan(&e.Tenant, &e.ID, &e.Detection, &e.AlertID, &e.Subject.Type, &e.Subject.ID, &e.Attributes, &e.MaxSeverity, &e.From, &e.To,
			&e.Classification, &e.Reason, &e.Author, &e.Created, &e.Removed, &e.RemovedBy, &e.RemovedAt); err != nil {
			return err
		}
		if e.RemovedAt.Unix() == 0 {
			e.RemovedAt = time.Time{}
		}
		all = append(all, e)
		return nil
	}, named("tenant", tenant))
	return all, err
}

// StoreException stores an exception, in the place of the same one when that was not yet removed.
func (d *DB) StoreException(ctx context.Context, e alert.Exception) error {
	version := uint64(1)
	if e.Removed {
		version = 2
	}
	attributes := e.Attributes
	if attributes == nil {
		attributes = map[string][]string{}
	}
	return d.insert(ctx, "exceptions_insert", uuid.NewString(), func(b driver.Batch) error {
		return b.Append(e.Tenant, e.ID, e.Detection, e.AlertID, e.Subject.Type, e.Subject.ID, attributes, e.MaxSeverity, e.From.UTC(), e.To.UTC(),
			e.Classification, e.Reason, e.Author, e.Created.UTC(), e.Removed, e.RemovedBy, orZero(e.RemovedAt).UTC(), version)
	})
}
