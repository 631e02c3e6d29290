package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// firstTime is where the spans of ip_locations begin that have no beginning, before every event time. Those without an end go on until never.
var firstTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// nowhere is a network from which nobody comes.
var nowhere = netip.MustParsePrefix("::/128")

// placeID is a range of the operator, whatever it says.
func placeID(tenant, prefix string, from time.Time) string {
	return tenant + " " + prefix + " " + moment(from)
}

// rangesThatPlaced are the ranges, by placeID, that said already where addresses are or who runs them.
func (d *DB) rangesThatPlaced(ctx context.Context, ranges []intelligence.Range) (map[string]bool, error) {
	tenants := make(map[string]bool)
	var names []string
	for i := range ranges {
		if r := &ranges[i]; r.Source == intelligence.OperatorSource && !tenants[r.Tenant] {
			tenants[r.Tenant] = true
			names = append(names, r.Tenant)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	all := make(map[string]bool)
	err := d.rows(ctx, "ip_ranges_placing", func(r driver.Rows) error {
		var tenant, prefix string
		var from time.Time
		if err := r.Scan(&tenant, &prefix, &from); err != nil {
			return err
		}
		all[placeID(tenant, prefix, from)] = true
		return nil
	}, list("tenants", names))
	return all, err
}

// Placements returns where the ranges of the operators say that addresses are, and who runs their networks.
func (d *DB) Placements(ctx context.Context) ([]intelligence.Placement, error) {
	ranges, err := d.ranges(ctx, "ip_ranges_all")
	return intelligence.Placements(ranges), err
}

// RebuildPlacements writes a generation of ip_locations and lets the dictionary read it. Where nothing was ever said there is none. It MUST
// not run twice at once.
func (d *DB) RebuildPlacements(ctx context.Context) error {
	var generation uint64
	if err := d.rows(ctx, "ip_locations_version", func(r driver.Rows) error { return r.Scan(&generation) }); err != nil {
		return err
	}
	all, err := d.Placements(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		if generation == 0 {
			return nil
		}
		all = []intelligence.Placement{{Prefix: nowhere}} // a generation counts by its rows: this one says nothing
	}
	generation++
	err = d.insert(ctx, "ip_locations_insert", uuid.NewString(), func(b driver.Batch) error {
		for i := range all {
			if err := appendPlacement(b, generation, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.exec(ctx, "ip_placements_reload"); err != nil {
		return err
	}
	var old []uint64
	err = d.rows(ctx, "ip_locations_old", func(r driver.Rows) error {
		var g uint64
		err := r.Scan(&g)
		old = append(old, g)
		return err
	}, named("generation", generation))
	for _, g := range old {
		if err == nil {
			err = d.exec(ctx, "ip_locations_drop", named("generation", g))
		}
	}
	return err
}

// appendPlacement appends the columns in the order of queries/ip_locations_insert.sql.
func appendPlacement(b driver.Batch, generation uint64, p *intelligence.Placement) error {
	n := len(p.Cells)
	tenants, since, until := make([]string, n), make([]time.Time, n), make([]time.Time, n)
	locatedBy, countries, names, cities, exact := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]bool, n)
	latitudes, longitudes, radii := make([]float64, n), make([]float64, n), make([]float32, n)
	networkBy, isps, asns := make([]string, n), make([]string, n), make([]uint32, n)
	for i := range p.Cells {
		c := &p.Cells[i]
		tenants[i], since[i], until[i] = c.Tenant, bound(c.From, firstTime), bound(c.To, never)
		locatedBy[i], countries[i], names[i], cities[i], exact[i] = c.LocatedBy, c.Country, c.CountryName, c.City, c.HasCoordinates
		latitudes[i], longitudes[i], radii[i] = c.Latitude, c.Longitude, c.RadiusKM
		networkBy[i], isps[i], asns[i] = c.NetworkBy, c.ISP, c.ASN
	}
	return b.Append(generation, p.Prefix.String(), tenants, since, until, locatedBy, countries, names, cities, exact, latitudes, longitudes, radii, networkBy, isps, asns)
}

// PlacesChanged says whether a range of the operator that says, or said, where addresses are or who runs them was said or taken
// back after the version.
func (d *DB) PlacesChanged(ctx context.Context, tenant string, after uint64) (bool, error) {
	var n uint64
	err := d.rows(ctx, "ip_ranges_places_changed", func(r driver.Rows) error { return r.Scan(&n) }, named("tenant", tenant), named("after", after))
	return n > 0, err
}

// SubjectsOfPlaces returns the subjects with events from the addresses of those ranges.
func (d *DB) SubjectsOfPlaces(ctx context.Context, tenant string, after uint64) ([]Span, error) {
	var all []Span
	err := d.rows(ctx, "ip_ranges_subjects", func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, named("tenant", tenant), named("after", after))
	return all, err
}

// Misplaced counts the stored events of a tenant that do not lie where the ranges of the operator say, as the dictionary has them since
// RebuildPlacements.
func (d *DB) Misplaced(ctx context.Context, tenant string) (uint64, error) {
	_, n, err := d.misplaced(ctx, tenant)
	return n, err
}

// PlaceEvents puts the stored events of a tenant where the ranges say. What is cut short is done by the next call: an event says itself
// where it lies. The rows stay what they are, and each part of the table is replaced by one with new columns, so that nobody ever
// counts an event twice or misses one.
func (d *DB) PlaceEvents(ctx context.Context, tenant string) (err error) {
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = errors.Join(err, d.exec(ctx, "events_place_kill"))
		}
	}()
	if err := d.exec(ctx, "events_place_kill"); err != nil {
		return err
	}
	for range maxPlacings {
		if err := d.mutated(ctx); err != nil { // what an earlier process left may still be writing what was said then
			return err
		}
		months, _, err := d.misplaced(ctx, tenant)
		if err != nil || len(months) == 0 {
			return err
		}
		for _, m := range months {
			if err := d.exec(ctx, "events_place", named("tenant", tenant), named("month", m)); err != nil {
				return err
			}
			if err := d.mutated(ctx); err != nil {
				return err
			}
			if err := d.placeFailed(ctx); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("clickhouse: events are not where the ranges say after %d tries", maxPlacings)
}

const (
	// maxPlacings is how often it is tried to put events in their places; once does.
	maxPlacings = 3
	// mutationPause is how long is waited before it is looked again whether the table is being rewritten, longer each time.
	mutationPause        = 10 * time.Millisecond
	longestMutationPause = time.Second
)

// mutated waits until the table of events is not being rewritten. That takes as long as it takes: no call to the engine waits for it.
func (d *DB) mutated(ctx context.Context) error {
	for pause := mutationPause; ; pause = min(2*pause, longestMutationPause) {
		var n uint64
		if err := d.rows(ctx, "events_mutations", func(r driver.Rows) error { return r.Scan(&n) }); err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// placeFailed says why a mutation that puts events elsewhere is not done.
func (d *DB) placeFailed(ctx context.Context) error {
	var reason string
	if err := d.rows(ctx, "events_place_failed", func(r driver.Rows) error { return r.Scan(&reason) }); err != nil || reason == "" {
		return err
	}
	return fmt.Errorf("clickhouse: events cannot be put where the ranges say: %s", reason)
}

func (d *DB) misplaced(ctx context.Context, tenant string) (months []uint32, events uint64, err error) {
	err = d.rows(ctx, "events_misplaced", func(r driver.Rows) error {
		var month uint32
		var n uint64
		err := r.Scan(&month, &n)
		months, events = append(months, month), events+n
		return err
	}, named("tenant", tenant))
	return months, events, err
}

// PendingRechecks returns the rechecks of a reason after the sequence, each detection and subject once, in order.
func (d *DB) PendingRechecks(ctx context.Context, tenant, reason string, after uint64) ([]Recheck, error) {
	var all []Recheck
	err := d.rows(ctx, "rechecks_pending", func(r driver.Rows) error {
		c := Recheck{Reason: reason}
		err := r.Scan(&c.Sequence, &c.Detection, &c.Type, &c.ID, &c.First, &c.Last)
		all = append(all, c)
		return err
	}, named("tenant", tenant), named("reason", reason), named("after", after))
	return all, err
}
