package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ControlState is how a control of DocuSign was last seen.
type ControlState struct {
	// Scope is the list that it is in; the state of a list itself has no Object.
	Scope, Object, Kind string
	Account, Name       string
	State, Chain        string
	Removed             bool
	Seen                time.Time
	Version             uint64
}

// AddControlStates stores states together, each in the place of one with a lower Version. A source has one writer.
func (d *DB) AddControlStates(ctx context.Context, token, tenant, source string, all []ControlState) error {
	return d.insert(ctx, "control_states_insert", token, func(b driver.Batch) error {
		for i := range all {
			s := &all[i]
			if err := b.Append(tenant, source, s.Scope, s.Object, s.Kind, s.Account, s.Name, s.State, s.Chain, s.Removed, s.Seen.UTC(), s.Version); err != nil {
				return err
			}
		}
		return nil
	})
}

// ControlStates returns the newest state of each control of a source.
func (d *DB) ControlStates(ctx context.Context, tenant, source string) ([]ControlState, error) {
	var all []ControlState
	err := d.rows(ctx, "control_states_list", func(r driver.Rows) error {
		var s ControlState
		err := r.Scan(&s.Scope, &s.Object, &s.Kind, &s.Account, &s.Name, &s.State, &s.Chain, &s.Removed, &s.Seen, &s.Version)
		all = append(all, s)
		return err
	}, named("tenant", tenant), named("source", source))
	return all, err
}
