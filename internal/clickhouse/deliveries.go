package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Delivery is what a destination was sent last of an alert.
type Delivery struct {
	AlertID         string
	Sequence        uint64
	Severity, State string
	EventCount      uint64
	End             time.Time
	Ended           bool
	// Finding tells findings apart; 0 where it was not recorded.
	Finding uint64
}

// Deliveries of a destination of the alerts, those that there are, in no order.
func (d *DB) Deliveries(ctx context.Context, destination string, alertIDs []string) ([]Delivery, error) {
	var all []Delivery
	err := d.rows(ctx, "deliveries_load", func(r driver.Rows) error {
		var v Delivery
		if err := r.Scan(&v.AlertID, &v.Sequence, &v.Severity, &v.State, &v.EventCount, &v.End, &v.Ended, &v.Finding); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, named("destination", destination), named("ids", alertIDs))
	return all, err
}

// AddDeliveries stores deliveries; storing one again is harmless, and of an alert the one with the highest sequence counts.
func (d *DB) AddDeliveries(ctx context.Context, token, destination string, all []Delivery) error {
	at := now()
	return d.insert(ctx, "deliveries_insert", token, func(b driver.Batch) error {
		for _, v := range all {
			if err := b.Append(destination, v.AlertID, v.Sequence, v.Severity, v.State, v.EventCount, orZero(v.End), v.Ended, v.Finding, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetDeliveries removes those of a destination with a sequence above the given one, and returns when they are gone.
func (d *DB) ForgetDeliveries(ctx context.Context, destination string, above uint64) error {
	return d.exec(ctx, "deliveries_forget", named("destination", destination), named("above", above))
}

// deliveriesMigration is the migration that made the table of deliveries.
const deliveriesMigration = 47

// DeliveriesKept is how long a delivery is kept at least after it was made; the migration deliveries_expire has a few days more. Alerts
// that nothing was sent of for so long have come to their end.
const DeliveriesKept = 1090 * 24 * time.Hour

// DeliveriesSince is when deliveries began to be recorded.
func (d *DB) DeliveriesSince(ctx context.Context) (at time.Time, err error) {
	err = d.rows(ctx, "migrations_time", func(r driver.Rows) error { return r.Scan(&at) }, named("number", uint32(deliveriesMigration)))
	return at, err
}

// SevereChanges returns up to limit changes of high or critical severity after a sequence and up to another, in order.
func (d *DB) SevereChanges(ctx context.Context, after, upTo uint64, limit int) ([]alert.Change, error) {
	return d.changes(ctx, "alerts_read_severe", named("after", after), named("upTo", upTo),
		named("severities", alert.SeveritiesFrom(alert.SeverityHigh)), named("limit", uint32(limit))) //nolint:gosec // a page
}
