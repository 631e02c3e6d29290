package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// Policies are the newest versions of all policies of the tenant by id, deleted ones too.
func (d *DB) Policies(ctx context.Context, tenant string) ([]policy.Stored, error) {
	var all []policy.Stored
	err := d.rows(ctx, "policies_list", func(r driver.Rows) error {
		var s policy.Stored
		var id, text string
		if err := r.Scan(&id, &s.Version, &text, &s.File, &s.Since, &s.Created, &s.Updated, &s.Author, &s.Removed); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &s.Policy); err != nil {
			return fmt.Errorf("policy %s, version %d: %w", id, s.Version, err)
		}
		s.ID = id
		all = append(all, s)
		return nil
	}, named("tenant", tenant))
	return all, err
}

// StorePolicies stores versions of policies as one part: all of them or none. Their versions MUST be new.
func (d *DB) StorePolicies(ctx context.Context, tenant string, all []policy.Stored) error {
	return d.insert(ctx, "policies_insert", uuid.NewString(), func(b driver.Batch) error {
		for i := range all {
			s := &all[i]
			text, err := json.Marshal(s.Policy)
			if err != nil {
				return err
			}
			if err := b.Append(tenant, s.ID, s.Version, string(text), s.File, s.Since.UTC(), s.Created.UTC(), s.Updated.UTC(), s.Author, s.Removed); err != nil {
				return err
			}
		}
		return nil
	})
}

// PolicyValues are the values that fields of policies have: in the stored events, in what is said of addresses, and in the directory.
func (d *DB) PolicyValues(ctx context.Context, tenant string) (policy.Values, error) {
	all := policy.Values{}
	err := d.rows(ctx, "policies_values", func(r driver.Rows) error {
		var field string
		var known []string
		err := r.Scan(&field, &known)
		all[field] = known
		return err
	}, named("tenant", tenant))
	return all, err
}

// PolicyDays are the numbers of findings of detections by day of event time, since a time.
func (d *DB) PolicyDays(ctx context.Context, tenant string, detections []string, since time.Time) (map[string][]policy.Day, error) {
	all := make(map[string][]policy.Day)
	if len(detections) == 0 {
		return all, nil
	}
	err := d.rows(ctx, "policies_days", func(r driver.Rows) error {
		var detection, date string
		var raised, beyond, otherwise uint64
		err := r.Scan(&detection, &date, &raised, &beyond, &otherwise)
		all[detection] = append(all[detection], policy.Day{Date: date, Alerts: int(raised), OverLimit: int(beyond), Suppressed: int(otherwise)})
		return err
	}, named("tenant", tenant), list("detections", detections), named("from", moment(since)))
	return all, err
}
