package clickhouse

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
)

func marshalContext(c *alert.Context) (string, error) {
	if c == nil {
		return "", nil
	}
	b, err := json.Marshal(c)
	return string(b), err
}

func unmarshalContext(s string) (*alert.Context, error) {
	if s == "" {
		return nil, nil
	}
	var c alert.Context
	return &c, json.Unmarshal([]byte(s), &c)
}

// circumstances are the parameters that the context_* statements share.
type circumstances struct {
	args        []driver.NamedValue
	first, last time.Time
}

func ofFindings(tenant string, line time.Time, findings []*alert.Finding) circumstances {
	var c circumstances
	var numbers, ownNumbers []uint32
	var types, ids, starts, ends, ownIDs []string
	subjects := make(map[string][]string)
	for i, f := range findings {
		n := uint32(i)
		numbers, types, ids = append(numbers, n), append(types, f.Subject.Type), append(ids, f.Subject.ID)
		starts, ends = append(starts, moment(f.Start)), append(ends, moment(f.End))
		for _, id := range f.EventIDs {
			ownNumbers, ownIDs = append(ownNumbers, n), append(ownIDs, id)
		}
		subjects[f.Subject.Type] = append(subjects[f.Subject.Type], f.Subject.ID)
		if i == 0 || f.Start.Before(c.first) {
			c.first = f.Start
		}
		if i == 0 || f.End.After(c.last) {
			c.last = f.End
		}
	}
	c.args = []driver.NamedValue{named("tenant", tenant), named("line", momentOr(line, latest)), named("first", moment(c.first)), named("last", moment(c.last)),
		named("wanted_n", numbers), list("wanted_types", types), list("wanted_ids", ids), list("wanted_starts", starts), list("wanted_ends", ends),
		named("own_n", ownNumbers), list("own_ids", ownIDs),
		list("users", subjects["user"]), list("addresses", subjects["address"]), list("integrations", subjects["integration"])}
	return c
}

// Circumstances describes findings, in their order: the times of arrival, the traits, and what followed. Events that are
// held when the clock is at line do not count. It says nothing of the directory and of gaps.
func (d *DB) Circumstances(ctx context.Context, tenant string, line time.Time, findings []*alert.Finding) ([]*alert.Context, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	all := make([]*alert.Context, len(findings))
	for i := range all {
		all[i] = &alert.Context{}
	}
	of := ofFindings(tenant, line, findings)
	err := d.rows(ctx, "context_traits", func(r driver.Rows) error {
		var n uint32
		var t alert.Trait
		var firstArrival, lastArrival time.Time
		var family string
		var familyDays uint64
		if err := r.Scan(&n, &t.Kind, &t.Value, &t.Label, &t.Events, &t.FirstSeen, &t.Days, &firstArrival, &lastArrival, &family, &familyDays); err != nil {
			return err
		}
		if t.Kind == "" {
			all[n].FirstArrival, all[n].LastArrival = firstArrival, lastArrival
			return nil
		}
		if t.New = t.Days == 0; t.New {
			t.FirstSeen = time.Time{}
		}
		if t.Kind == alert.TraitDevice {
			t.Family, t.FamilyDays = family, familyDays
		}
		all[n].Traits = append(all[n].Traits, t)
		return nil
	}, of.args...)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		c.Traits = most(c.Traits)
	}
	if err := d.sharing(ctx, tenant, line, findings, all); err != nil {
		return nil, err
	}
	err = d.rows(ctx, "context_after", func(r driver.Rows) error {
		var n uint32
		var deed alert.Deed
		err := r.Scan(&n, &deed.Activity, &deed.Count, &deed.EventIDs)
		if err == nil {
			all[n].After = append(all[n].After, deed)
		}
		return err
	}, of.args...)
	return all, err
}

// maxTraits of a kind are described.
const maxTraits = 5

func most(traits []alert.Trait) []alert.Trait {
	seen := make(map[string]int)
	return slices.DeleteFunc(traits, func(t alert.Trait) bool {
		seen[t.Kind]++
		return seen[t.Kind] > maxTraits
	})
}

func (d *DB) sharing(ctx context.Context, tenant string, line time.Time, findings []*alert.Finding, all []*alert.Context) error {
	var numbers []uint32
	var kinds, values, users, ends []string
	var first, last time.Time
	for i, c := range all {
		f := findings[i]
		own := ""
		if f.Subject.Type == "user" {
			own = f.Subject.ID
		}
		for _, t := range c.Traits {
			numbers, kinds, values = append(numbers, uint32(i)), append(kinds, t.Kind), append(values, t.Value)
			users, ends = append(users, own), append(ends, moment(f.End))
		}
		if first.IsZero() || f.End.Before(first) {
			first = f.End
		}
		if f.End.After(last) {
			last = f.End
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	return d.rows(ctx, "context_sharing", func(r driver.Rows) error {
		var n uint32
		var kind, value string
		var others uint64
		if err := r.Scan(&n, &kind, &value, &others); err != nil {
			return err
		}
		for i := range all[n].Traits {
			if t := &all[n].Traits[i]; t.Kind == kind && t.Value == value {
				t.OtherUsers = others
			}
		}
		return nil
	}, named("tenant", tenant), named("line", momentOr(line, latest)), named("first", moment(first)), named("last", moment(last)),
		named("wanted_n", numbers), list("wanted_kinds", kinds), list("wanted_values", values), list("wanted_users", users), list("wanted_ends", ends))
}

// HoursSeen are the full hours from from to to in which anybody of the tenant was seen, in order.
func (d *DB) HoursSeen(ctx context.Context, tenant string, line, from, to time.Time) ([]time.Time, error) {
	var all []time.Time
	err := d.rows(ctx, "context_hours", func(r driver.Rows) error {
		var h time.Time
		err := r.Scan(&h)
		all = append(all, h.UTC())
		return err
	}, named("tenant", tenant), named("line", momentOr(line, latest)), named("from", moment(from)), named("to", moment(to)))
	return all, err
}

// AlertsDue returns the raised alerts whose context may have changed: those about the subjects that have events from first to
// last in the ninety days before them or the hour after, and those whose hour after the end has passed since the watermark
// was at passed. Of these the limit that ended first, by their end.
func (d *DB) AlertsDue(ctx context.Context, tenant string, subjects []string, first, last, passed, watermark time.Time, limit int) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "context_due", named("tenant", tenant), list("subjects", subjects), named("first", momentOr(first, latest)), named("last", momentOr(last, earliest)),
		named("passed", momentOr(passed, earliest)), named("watermark", momentOr(watermark, earliest)), named("limit", uint32(limit)))
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}
