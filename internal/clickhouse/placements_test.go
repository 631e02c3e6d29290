package clickhouse_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestPlaceEventsAfterOneThatFails: a mutation that fails holds back neither the next placing nor the settling of a conflict, and the
// identity of what is put elsewhere stays what it is.
func TestPlaceEventsAfterOneThatFails(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	if err := db.AppendEvents(ctx, "t", []event.Event{sample("id-1", 1), sample("id-2", 2)}); err != nil {
		t.Fatal(err)
	}
	failing := "ALTER TABLE events UPDATE city = toString(throwIf(dictHas('ip_placements', ip) OR materialize(1))) WHERE 1 SETTINGS mutations_sync = 0, allow_nondeterministic_mutations = 1"
	if err := clickhouse.Exec(ctx, db, failing); err != nil {
		t.Fatal(err)
	}
	for failed := "0"; failed == "0"; time.Sleep(20 * time.Millisecond) {
		var err error
		if failed, err = clickhouse.Text(ctx, db, "SELECT toString(count()) FROM system.mutations WHERE database = currentDatabase() AND table = 'events' AND latest_fail_reason != ''"); err != nil {
			t.Fatal(err)
		}
	}
	o := intelligence.Override{ISP: "Contoso", Country: "IE", CountryName: "Ireland", City: "Dublin", HasCoordinates: true, Latitude: 53.35, Longitude: -6.26, RadiusKM: 20}
	r := intelligence.Range{Tenant: "default", Source: intelligence.OperatorSource, Prefix: netip.MustParsePrefix("192.0.2.0/24"), Category: "other", Override: o}
	if err := db.AddRanges(ctx, []intelligence.Range{r}); err != nil {
		t.Fatal(err)
	}
	if err := db.RebuildPlacements(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to do
		if err := db.PlaceEvents(ctx, "default"); err != nil {
			t.Fatal(err)
		}
	}
	winner := sample("id-2", 3)
	winner.ContentHash++
	if err := db.ReplaceEvents(ctx, "t2", []event.Event{winner}); err != nil {
		t.Fatal(err)
	}
	e, err := db.GetEvent(ctx, "default", "id-1")
	if err != nil {
		t.Fatal(err)
	}
	was := sample("id-1", 1)
	if e.Geo == nil || *e.Geo != (event.Geo{Place: was.Place, ASN: was.ASN, ASOrganization: was.ASOrganization}) || e.Place.City != "Dublin" || e.Place.LocatedBy != r.LocatedBy() || e.ASOrganization != "Contoso" || e.Place.NetworkBy != r.NetworkBy() || e.ASN != was.ASN {
		t.Errorf("it lies in %+v of %s, and %+v was said", e.Place, e.ASOrganization, e.Geo)
	}
	if n, err := clickhouse.CountByProjection(ctx, db, "id-1"); err != nil || n != 1 {
		t.Errorf("the projection has it %d times: %v", n, err)
	}
	if all, err := db.ListEvents(ctx, "default", event.Filter{}, event.Cursor{}, 10, false); err != nil || len(all) != 2 {
		t.Errorf("%d events: %v", len(all), err)
	}
}
