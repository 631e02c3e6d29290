package clickhouse

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/event"
)

// AppendEvents stores new events; nil means that they are on disk. A retry of the same batch MUST carry the same token,
// another batch another one.
func (d *DB) AppendEvents(ctx context.Context, token string, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	moved := slices.ContainsFunc(events, func(e event.Event) bool { return e.Geo != nil })
	statement := "events_insert"
	if moved {
		statement = "events_insert_moved"
	}
	return d.insert(ctx, statement, token, func(b driver.Batch) error { return fillEvents(b, events, moved) })
}

// fillEvents appends the columns in the order of queries/events_insert.sql, and for moved events that of events_insert_moved.sql.
func fillEvents(b driver.Batch, events []event.Event, moved bool) error {
	c := &columns{batch: b}
	text := func(get func(*event.Event) string) { column(c, events, get) }
	text(func(e *event.Event) string { return e.Tenant })
	text(func(e *event.Event) string { return e.Source })
	column(c, events, func(e *event.Event) uint8 { return e.Trust })
	text(func(e *event.Event) string { return e.ID })
	column(c, events, func(e *event.Event) uint64 { return e.Sequence })
	column(c, events, func(e *event.Event) time.Time { return e.Time })
	column(c, events, func(e *event.Event) time.Time { return e.Arrival })
	column(c, events, func(e *event.Event) uint64 { return e.ContentHash })
	text(func(e *event.Event) string { return e.Site })
	text(func(e *event.Event) string { return e.AccountID })
	text(func(e *event.Event) string { return e.OrganizationID })
	text(func(e *event.Event) string { return e.UserID })
	text(func(e *event.Event) string { return e.UserName })
	text(func(e *event.Event) string { return e.UserEmail })
	text(func(e *event.Event) string { return e.IntegrationKey })
	text(func(e *event.Event) string { return e.AffectedUserID })
	text(func(e *event.Event) string { return e.ReferencedUserID })
	text(func(e *event.Event) string { return e.Object })
	text(func(e *event.Event) string { return e.Action })
	text(func(e *event.Event) string { return e.Property })
	text(func(e *event.Event) string { return e.Field })
	text(func(e *event.Event) string { return e.Result })
	text(func(e *event.Event) string { return e.Channel })
	text(func(e *event.Event) string { return e.Activity })
	column(c, events, func(e *event.Event) bool { return e.Administrative })
	text(func(e *event.Event) string { return e.IPAddress })
	column(c, events, func(e *event.Event) netip.Addr { return wideAddress(e.IP) })
	column(c, events, func(e *event.Event) uint32 { return e.ASN })
	text(func(e *event.Event) string { return e.ASOrganization })
	text(func(e *event.Event) string { return e.Place.Kind })
	text(func(e *event.Event) string { return e.Place.Country })
	text(func(e *event.Event) string { return e.Place.CountryName })
	text(func(e *event.Event) string { return e.Place.Region })
	text(func(e *event.Event) string { return e.Place.City })
	column(c, events, func(e *event.Event) float64 { return e.Place.Latitude })
	column(c, events, func(e *event.Event) float64 { return e.Place.Longitude })
	column(c, events, func(e *event.Event) float32 { return e.Place.AccuracyKM })
	text(func(e *event.Event) string { return e.Place.LocatedBy })
	text(func(e *event.Event) string { return e.Place.NetworkBy })
	text(func(e *event.Event) string { return e.UserAgent })
	text(func(e *event.Event) string { return e.Browser })
	text(func(e *event.Event) string { return e.OS })
	text(func(e *event.Event) string { return e.DeviceType })
	text(func(e *event.Event) string { return e.ProxyStatus })
	text(func(e *event.Event) string { return e.ProxyType })
	text(func(e *event.Event) string { return e.ProxyLevel })
	column(c, events, func(e *event.Event) *bool { return e.UserInDomain })
	column(c, events, func(e *event.Event) *bool { return e.AffectedUserInDomain })
	column(c, events, func(e *event.Event) *bool { return e.ReferencedUserInDomain })
	text(func(e *event.Event) string { return e.EnvelopeID })
	column(c, events, func(e *event.Event) []string { return e.AlertEventIDs })
	text(func(e *event.Event) string { return e.AlertSeverity })
	text(func(e *event.Event) string { return e.Data })
	text(func(e *event.Event) string { return e.Raw })
	if moved {
		column(c, events, geoTuple)
	}
	return c.err
}

// geoTuple is the column geo of an event.
func geoTuple(e *event.Event) []any {
	g := e.Geo
	if g == nil {
		g = &event.Geo{}
	}
	return []any{g.Kind, g.Country, g.CountryName, g.Region, g.City, g.Latitude, g.Longitude, g.AccuracyKM, g.LocatedBy, g.ASN, g.ASOrganization, g.NetworkBy}
}

// wideAddress maps IPv4 into IPv6, and no address to ::.
func wideAddress(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv6Unspecified()
	}
	return netip.AddrFrom16(a.As16())
}

// SetAside keeps records that lost against a standing one with the same id. Storing one again is harmless.
func (d *DB) SetAside(ctx context.Context, token string, losers []event.Event) error {
	if len(losers) == 0 {
		return nil
	}
	return d.insert(ctx, "events_set_aside", token, func(b driver.Batch) error {
		c := &columns{batch: b}
		column(c, losers, func(e *event.Event) string { return e.Tenant })
		column(c, losers, func(e *event.Event) string { return e.ID })
		column(c, losers, func(e *event.Event) uint64 { return e.ContentHash })
		column(c, losers, func(e *event.Event) string { return e.Source })
		column(c, losers, func(e *event.Event) uint8 { return e.Trust })
		column(c, losers, func(e *event.Event) time.Time { return e.Time })
		column(c, losers, func(e *event.Event) time.Time { return e.Arrival })
		column(c, losers, func(e *event.Event) string { return e.Raw })
		return c.err
	})
}
