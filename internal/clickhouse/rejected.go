package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// RejectedRecord is a record of a polled source that could not become an event.
type RejectedRecord struct {
	Tenant, Source string
	Arrival        time.Time
	// EventID and Field where they are known.
	EventID, Field, Problem string
	Raw                     string
}

// AddRejectedRecords keeps records; keeping one again is harmless. The token rule is that of AppendEvents.
func (d *DB) AddRejectedRecords(ctx context.Context, token string, all []RejectedRecord) error {
	return d.insert(ctx, "rejected_records_insert", token, func(b driver.Batch) error {
		for _, r := range all {
			if err := b.Append(r.Tenant, r.Source, r.Arrival.UTC(), r.EventID, r.Field, r.Problem, r.Raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// RejectedRecords returns the latest ones, at most limit.
func (d *DB) RejectedRecords(ctx context.Context, tenant string, limit int) ([]RejectedRecord, error) {
	var all []RejectedRecord
	err := d.rows(ctx, "rejected_records_list", func(r driver.Rows) error {
		one := RejectedRecord{Tenant: tenant}
		err := r.Scan(&one.Source, &one.Arrival, &one.EventID, &one.Field, &one.Problem, &one.Raw)
		all = append(all, one)
		return err
	}, named("tenant", tenant), named("limit", uint32(limit)))
	return all, err
}
