package clickhouse_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestRanges(t *testing.T) {
	db := testkit.Database(t)
	e := sample("id-1", 1)
	e.IPAddress, e.IP = "198.51.100.7", netip.MustParseAddr("198.51.100.7")
	if err := db.AppendEvents(t.Context(), "t", []event.Event{e, sample("id-2", 2)}); err != nil {
		t.Fatal(err)
	}
	feed := intelligence.Range{Tenant: "default", Source: "tor", Prefix: netip.MustParsePrefix("198.51.100.7/32"), Category: "risky", Tags: []string{"tor"}, From: base, To: base.Add(time.Hour)}
	own := intelligence.Range{Tenant: "default", Source: "operator", Prefix: netip.MustParsePrefix("198.51.0.0/16"), Name: "office", Category: "corporate"}
	six := intelligence.Range{Tenant: "default", Source: "tor", Prefix: netip.MustParsePrefix("2001:db8::/32"), Category: "risky", Tags: []string{"tor"}}
	for range 2 {
		if err := db.AddRanges(t.Context(), []intelligence.Range{feed, own, six}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := db.ListRanges(t.Context(), "default", nil, "", "", 10)
	if err != nil || len(all) != 3 || all[0].Name != "office" || !all[0].From.IsZero() || !all[1].From.Equal(base.Truncate(time.Millisecond)) {
		t.Errorf("ranges: %+v, %v", all, err)
	}
	users, err := db.UsersOfSource(t.Context(), "default", "tor")
	if err != nil || len(users) != 1 || users[0].ID != "u1" || !users[0].First.Equal(e.Time) {
		t.Errorf("users of tor: %+v, %v", users, err)
	}
	if users, err := db.UsersOfSource(t.Context(), "other", "tor"); err != nil || len(users) != 0 {
		t.Errorf("another tenant's users: %+v, %v", users, err)
	}
}
