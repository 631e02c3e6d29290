package clickhouse

import (
	"cmp"
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/hunt"
)

// HuntProgress is how far the query with the mark in its log_comment has come; false when none runs.
func (d *DB) HuntProgress(ctx context.Context, mark string) (p hunt.Progress, running bool, err error) {
	err = d.rows(ctx, "hunts_running", func(r driver.Rows) error {
		var seconds float64
		var memory int64
		if err := r.Scan(&p.ReadRows, &p.ReadBytes, &p.TotalRows, &memory, &seconds); err != nil {
			return err
		}
		p.Memory, p.Elapsed, running = uint64(max(memory, 0)), time.Duration(seconds*float64(time.Second)), true
		return nil
	}, named("mark", mark))
	return p, running, err
}

// RecordHunt keeps a hunt in the audit.
func (d *DB) RecordHunt(ctx context.Context, h hunt.Record) error {
	parameters := h.Parameters
	if parameters == nil {
		parameters = []string{}
	}
	return d.insert(ctx, "audit_insert", "audit/"+h.ID, func(b driver.Batch) error {
		return b.Append(h.Tenant, h.ID, h.Time.UTC(), string(cmp.Or(h.Kind, hunt.KindHunt)), h.Author, h.Via, h.Saved, h.SQL, parameters, h.Summary.Rows, h.Summary.Bytes,
			h.Summary.ReadRows, h.Summary.ReadBytes, uint64(h.Summary.Elapsed.Milliseconds()), string(h.Outcome), h.Error, h.Cut) //nolint:gosec // not negative
	})
}

// SavedHunts are the tenant's hunts by id, deleted ones left out.
func (d *DB) SavedHunts(ctx context.Context, tenant string) ([]hunt.Saved, error) {
	var all []hunt.Saved
	err := d.rows(ctx, "hunts_list", func(r driver.Rows) error {
		var (
			h            hunt.Saved
			names, types []string
			texts        []string
			defaults     []*string
		)
		if err := r.Scan(&h.Tenant, &h.ID, &h.Title, &h.Description, &h.SQL, &names, &types, &texts, &defaults, &h.Author, &h.Created, &h.Updated, &h.Revision); err != nil {
			return err
		}
		for i := range names {
			h.Parameters = append(h.Parameters, hunt.Parameter{Name: names[i], Type: types[i], Description: texts[i], Default: defaults[i]})
		}
		all = append(all, h)
		return nil
	}, named("tenant", tenant))
	return all, err
}

// HuntRevision is the highest revision that a saved hunt of an id has had, deleted or not; 0 when there was none.
func (d *DB) HuntRevision(ctx context.Context, tenant, id string) (revision uint64, err error) {
	err = d.rows(ctx, "hunt_revision", func(r driver.Rows) error { return r.Scan(&revision) }, named("tenant", tenant), named("id", id))
	return revision, err
}

// StoreHunt stores a revision of a hunt; the highest one counts.
func (d *DB) StoreHunt(ctx context.Context, h hunt.Saved) error {
	names, types, texts, defaults := []string{}, []string{}, []string{}, []*string{}
	for _, p := range h.Parameters {
		names, types, texts, defaults = append(names, p.Name), append(types, p.Type), append(texts, p.Description), append(defaults, p.Default)
	}
	return d.insert(ctx, "hunts_insert", uuid.NewString(), func(b driver.Batch) error {
		return b.Append(h.Tenant, h.ID, h.Title, h.Description, h.SQL, names, types, texts, defaults, h.Author, h.Created.UTC(), h.Updated.UTC(), h.Deleted, h.Revision)
	})
}
