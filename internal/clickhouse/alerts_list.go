package clickhouse

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// selecting is a statement of queries/ with the text of alerts_selected in its WITH. Both are files of this program.
func selecting(name string) string {
	return strings.Replace(statement(name), "/* selected */", strings.TrimRight(statement("alerts_selected"), "\n"), 1)
}

// selection are the parameters of alerts_selected.
func selection(tenant string, f *alert.Filter, o alert.Order, head uint64) []driver.NamedValue {
	states := f.States
	if len(states) == 0 {
		states = alert.OpenStates
	}
	if head == 0 {
		head = math.MaxInt64
	}
	prefixes := make([]string, len(f.Addresses))
	for i, p := range f.Addresses {
		prefixes[i] = p.String()
	}
	commented := int8(-1)
	if f.Commented != nil {
		if commented = 0; *f.Commented {
			commented = 1
		}
	}
	low, high := -math.MaxFloat64, math.MaxFloat64
	if f.MinScore != nil {
		low = *f.MinScore
	}
	if f.MaxScore != nil {
		high = *f.MaxScore
	}
	args := []driver.NamedValue{
		named("tenant", tenant), named("head", head), named("order", cmp.Or(o.By, alert.OrderEnd)), named("ascending", o.Ascending),
		list("states", states), list("severities", f.AllSeverities()), list("ids", f.IDs), list("id_prefixes", f.IDPrefixes), list("detections", f.Detections),
		list("subject_ids", f.SubjectIDs), list("subject_types", f.SubjectTypes), list("subject_emails", f.SubjectEmails), list("users", f.Users),
		list("classifications", f.Classifications), list("reasons", f.Reasons), list("assignees", f.Assignees), list("suppressed_by", f.SuppressedBy), named("text", f.Text),
		named("by_score", f.MinScore != nil || f.MaxScore != nil), named("min_score", low), named("max_score", high),
		named("min_events", f.MinEvents), named("max_events", cmp.Or(f.MaxEvents, math.MaxInt64)), named("commented", commented),
		named("start", momentOr(f.Start, earliest)), named("end", momentOr(f.End, latest)),
		named("faceted", f.Faceted()), list("addresses", prefixes), list("networks", f.Networks), list("countries", f.Countries),
	}
	for _, b := range []struct {
		name string
		span alert.Between
	}{{"first", f.First}, {"last", f.Last}, {"created", f.Created}, {"updated", f.Updated}} {
		args = append(args, named(b.name+"_from", momentOr(b.span.From, earliest)), named(b.name+"_to", momentOr(b.span.To, latest)))
	}
	return args
}

// ListAlerts returns up to limit alerts after the cursor in the order, and how many match in all: as they were when head was
// the last change, or as they are now when it is 0.
func (d *DB) ListAlerts(ctx context.Context, tenant string, f alert.Filter, o alert.Order, head uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error) {
	args := selection(tenant, &f, o, head)
	if after.ID == "" {
		after.Key = math.MaxInt64
	}
	var all []alert.Alert
	err := d.query(ctx, "alerts_list", selecting("alerts_list"), func(r driver.Rows) error {
		c, err := scanChange(r)
		all = append(all, c.Alert)
		return err
	}, append(slices.Clone(args), named("after_key", after.Key), named("after_id", after.ID), named("limit", uint32(limit)))...)
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(all, func(a, b alert.Alert) int {
		return cmp.Or(cmp.Compare(o.Key(&b), o.Key(&a)), cmp.Compare(b.ID, a.ID))
	})
	total, err := d.count(ctx, args)
	return all, total, err
}

func (d *DB) count(ctx context.Context, args []driver.NamedValue) (int, error) {
	var total uint64
	err := d.query(ctx, "alerts_count", selecting("alerts_count"), func(r driver.Rows) error { return r.Scan(&total) }, args...)
	return int(total), err //nolint:gosec // bounded by what a database holds
}

// AlertVersions returns up to limit versions of an alert before a sequence, the newest first.
func (d *DB) AlertVersions(ctx context.Context, tenant, id string, before uint64, limit int) ([]alert.Change, error) {
	return d.changes(ctx, "alerts_versions", named("tenant", tenant), named("id", id), named("before", before), named("limit", uint32(limit)))
}

// AlertIDs returns up to limit ids of the alerts that the filter selected when head was the last change.
func (d *DB) AlertIDs(ctx context.Context, tenant string, f alert.Filter, head uint64, limit int) ([]string, error) {
	var all []string
	err := d.query(ctx, "alerts_ids", selecting("alerts_ids"), func(r driver.Rows) error {
		var id string
		err := r.Scan(&id)
		all = append(all, id)
		return err
	}, append(selection(tenant, &f, alert.Order{}, head), named("limit", uint32(limit)))...)
	return all, err
}

// EachStandingAlert calls each for every alert that was neither suppressed nor retracted when head was the last change, in no order. The
// alert is each's own.
func (d *DB) EachStandingAlert(ctx context.Context, tenant string, head uint64, each func(*alert.Alert)) error {
	return d.rows(ctx, "alerts_standing", func(r driver.Rows) error {
		c, err := scanChange(r)
		if err == nil {
			each(&c.Alert)
		}
		return err
	}, named("tenant", tenant), named("head", head))
}
