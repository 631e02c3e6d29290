package clickhouse

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Bounds of validity as the columns hold them; the zero time stands for each.
var (
	always = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	never  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// AddRanges stores ranges, each in the place of one with the same tenant, source, prefix and beginning. The dictionary
// ip_intelligence has them after RebuildNetworks. It MUST not run twice at once.
func (d *DB) AddRanges(ctx context.Context, ranges []intelligence.Range) error {
	return d.putRanges(ctx, ranges, false)
}

// RemoveRanges takes ranges back: those of a source with one of the prefixes, or all of the source when none is given.
// It returns how many there were. The dictionary is without them after RebuildNetworks. It MUST not run at once with AddRanges.
func (d *DB) RemoveRanges(ctx context.Context, tenant, source string, prefixes []netip.Prefix) (int, error) {
	gone, err := d.SourceRanges(ctx, tenant, source)
	if err != nil {
		return 0, err
	}
	if len(prefixes) > 0 {
		wanted := make(map[netip.Prefix]bool, len(prefixes))
		for _, p := range prefixes {
			wanted[intelligence.Canonical(p)] = true
		}
		gone = slices.DeleteFunc(gone, func(r intelligence.Range) bool { return !wanted[intelligence.Canonical(r.Prefix)] })
	}
	if len(gone) == 0 {
		return 0, nil
	}
	return len(gone), d.putRanges(ctx, gone, true)
}

func (d *DB) putRanges(ctx context.Context, ranges []intelligence.Range, removed bool) error {
	version, _, err := d.rangesVersion(ctx)
	if err != nil {
		return err
	}
	placed, err := d.rangesThatPlaced(ctx, ranges)
	if err != nil {
		return err
	}
	at := now()
	return d.insert(ctx, "ip_ranges_insert", uuid.NewString(), func(b driver.Batch) error {
		for _, r := range ranges {
			tags := r.Tags
			if tags == nil {
				tags = []string{}
			}
			from, to := bound(r.From, always), bound(r.To, never)
			if err := b.Append(r.Tenant, r.Source, r.Prefix.Masked().String(), r.Name, r.Category, tags, r.Confidence, from, to, removed, at, version+1,
				r.ISP, r.ASN, r.Country, r.CountryName, r.City, r.HasCoordinates, r.Latitude, r.Longitude, r.RadiusKM,
				r.Source == intelligence.OperatorSource && (r.Placed() || r.Networked() || placed[placeID(r.Tenant, r.Prefix.Masked().String(), from.Truncate(time.Millisecond))])); err != nil {
				return err
			}
		}
		return nil
	})
}

// rangesVersion is the version of the last range, and the generation of the networks made of them.
func (d *DB) rangesVersion(ctx context.Context) (version, generation uint64, err error) {
	err = d.rows(ctx, "ip_ranges_version", func(r driver.Rows) error { return r.Scan(&version, &generation) })
	return version, generation, err
}

func bound(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t.UTC()
}

// RebuildNetworks writes a generation of ip_networks from the ranges and lets the dictionary read it. What is cut short is
// done again by the next call: a generation counts when the dictionary has been told. It MUST not run twice at once.
func (d *DB) RebuildNetworks(ctx context.Context) error {
	_, generation, err := d.rangesVersion(ctx)
	if err != nil {
		return err
	}
	generation++
	ranges, err := d.ranges(ctx, "ip_ranges_all")
	if err != nil {
		return err
	}
	err = d.insert(ctx, "ip_networks_insert", uuid.NewString(), func(b driver.Batch) error {
		networks := intelligence.Flatten(ranges)
		if len(networks) == 0 { // a generation counts by its rows: this one says that nothing is known
			return b.Append(generation, "::/128", []string{}, []string{}, []string{}, []string{}, []string{}, []uint8{}, []time.Time{}, []time.Time{})
		}
		for _, n := range networks {
			var tenants, sources, names, categories, tags []string
			var confidences []uint8
			var since, until []time.Time
			for _, r := range n.Ranges {
				tenants, sources, names, categories = append(tenants, r.Tenant), append(sources, r.Source), append(names, r.Name), append(categories, r.Category)
				confidences = append(confidences, r.Confidence)
				tags = append(tags, ","+strings.Join(r.Tags, ",")+",")
				since, until = append(since, bound(r.From, always)), append(until, bound(r.To, never))
			}
			if err := b.Append(generation, n.Prefix.String(), tenants, sources, names, categories, tags, confidences, since, until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, reload := range []string{"ip_intelligence_reload", "address_intelligence_reload"} {
		if err := d.exec(ctx, reload); err != nil {
			return err
		}
	}
	var old []uint64
	err = d.rows(ctx, "ip_networks_old", func(r driver.Rows) error {
		var g uint64
		err := r.Scan(&g)
		old = append(old, g)
		return err
	}, named("generation", generation))
	for _, g := range old {
		if err == nil {
			err = d.exec(ctx, "ip_networks_drop", named("generation", g))
		}
	}
	return err
}

func (d *DB) ranges(ctx context.Context, name string, args ...driver.NamedValue) ([]intelligence.Range, error) {
	var all []intelligence.Range
	err := d.rows(ctx, name, func(r driver.Rows) error {
		var x intelligence.Range
		var prefix string
		if err := r.Scan(&x.Tenant, &x.Source, &prefix, &x.Name, &x.Category, &x.Tags, &x.Confidence, &x.From, &x.To,
			&x.ISP, &x.ASN, &x.Country, &x.CountryName, &x.City, &x.HasCoordinates, &x.Latitude, &x.Longitude, &x.RadiusKM); err != nil {
			return err
		}
		p, err := netip.ParsePrefix(prefix)
		if err != nil {
			return fmt.Errorf("ip_ranges: %w", err)
		}
		x.Prefix = p
		if x.From.Equal(always) {
			x.From = time.Time{}
		}
		if x.To.Equal(never) {
			x.To = time.Time{}
		}
		all = append(all, x)
		return nil
	}, args...)
	return all, err
}

// ListRanges returns up to limit ranges of the tenant after (source, prefix, beginning), in that order; of all sources when
// none is given.
func (d *DB) ListRanges(ctx context.Context, tenant string, sources []string, afterSource, afterPrefix string, afterFrom time.Time, limit int) ([]intelligence.Range, error) {
	return d.ranges(ctx, "ip_ranges_list", named("tenant", tenant), list("sources", sources), named("after_source", afterSource), named("after_prefix", afterPrefix),
		named("after_from", momentOr(afterFrom, always)), named("limit", uint32(limit)))
}

// SourceRanges returns all that a source says for the tenant.
func (d *DB) SourceRanges(ctx context.Context, tenant, source string) ([]intelligence.Range, error) {
	return d.ranges(ctx, "ip_ranges_source", named("tenant", tenant), named("source", source))
}

// RangesChanged returns the version of the last range of the tenant that was said or taken back after the version; 0 when
// there is none.
func (d *DB) RangesChanged(ctx context.Context, tenant string, after uint64) (uint64, error) {
	var last uint64
	err := d.rows(ctx, "ip_ranges_changed", func(r driver.Rows) error { return r.Scan(&last) }, named("tenant", tenant), named("after", after))
	return last, err
}

// EventsOfRanges counts the events from addresses of the prefixes, and the users who did them.
func (d *DB) EventsOfRanges(ctx context.Context, tenant string, prefixes []netip.Prefix) (events, users uint64, err error) {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		texts[i] = p.Masked().String()
	}
	err = d.rows(ctx, "ip_ranges_events", func(r driver.Rows) error { return r.Scan(&events, &users) }, named("tenant", tenant), list("prefixes", texts))
	return events, users, err
}

// UsersOfRanges returns the users with events from addresses about which something was said or taken back after the version.
func (d *DB) UsersOfRanges(ctx context.Context, tenant string, after uint64) ([]Span, error) {
	var all []Span
	err := d.rows(ctx, "ip_ranges_users", func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, named("tenant", tenant), named("after", after))
	return all, err
}
