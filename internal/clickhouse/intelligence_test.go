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
	all, err := db.ListRanges(t.Context(), "default", nil, "", "", time.Time{}, 10)
	if err != nil || len(all) != 3 || all[0].Name != "office" || !all[0].From.IsZero() || !all[1].From.Equal(base.Truncate(time.Millisecond)) {
		t.Errorf("ranges: %+v, %v", all, err)
	}
	check := func(tenant string, after, version uint64, ids ...string) {
		t.Helper()
		if last, err := db.RangesChanged(t.Context(), tenant, after); err != nil || last != version {
			t.Errorf("changed after %d: version %d %v, expected %d", after, last, err, version)
		}
		users, err := db.UsersOfRanges(t.Context(), tenant, after)
		if err != nil || len(users) != len(ids) {
			t.Fatalf("users of what changed after %d: %+v %v, expected %q", after, users, err, ids)
		}
		for i, u := range users {
			if u.ID != ids[i] || !u.First.Equal(e.Time) {
				t.Errorf("users of what changed after %d: %+v, expected %q", after, users, ids)
			}
		}
	}
	check("default", 0, 2, "u1")
	check("default", 2, 0)
	check("other", 0, 0)
	for i, source := range []string{"nobody", "tor"} { // two of tor, of which one is where u1 was
		if n, err := db.RemoveRanges(t.Context(), "default", source, nil); err != nil || n != 2*i {
			t.Errorf("%d ranges of %s were taken back, %v", n, source, err)
		}
	}
	check("default", 2, 3, "u1")
	if n, err := db.RemoveRanges(t.Context(), "default", "operator", []netip.Prefix{netip.MustParsePrefix("198.51.0.0/17"), own.Prefix}); err != nil || n != 1 {
		t.Errorf("%d ranges of the operator were taken back, %v; expected 1", n, err)
	}
	if err := db.AddRanges(t.Context(), []intelligence.Range{six}); err != nil {
		t.Fatal(err)
	}
	check("default", 3, 5, "u1")
	check("default", 4, 5)
}

// TestRangesPageByPage: ranges that differ in their beginning alone are each listed once, wherever a page ends.
func TestRangesPageByPage(t *testing.T) {
	db := testkit.Database(t)
	var said []intelligence.Range
	for _, prefix := range []string{"192.0.2.0/24", "192.0.2.0/25"} {
		for month := range 4 {
			r := intelligence.Range{Tenant: "default", Source: "feed", Prefix: netip.MustParsePrefix(prefix), Category: "vpn"}
			if month > 0 {
				r.From = time.Date(2026, time.Month(month), 1, 0, 0, 0, 1e6, time.UTC)
			}
			said = append(said, r)
		}
	}
	if err := db.AddRanges(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	for size := 1; size <= len(said); size++ {
		var listed []intelligence.Range
		for last := (intelligence.Range{}); ; last = listed[len(listed)-1] {
			after := ""
			if last.Source != "" {
				after = last.Prefix.String()
			}
			page, err := db.ListRanges(t.Context(), "default", nil, last.Source, after, last.From, size)
			if err != nil {
				t.Fatal(err)
			}
			if listed = append(listed, page...); len(page) == 0 {
				break
			}
		}
		if len(listed) != len(said) {
			t.Errorf("in pages of %d: %d ranges, expected %d", size, len(listed), len(said))
			continue
		}
		for i := range said {
			if listed[i].Prefix != said[i].Prefix || !listed[i].From.Equal(said[i].From) {
				t.Errorf("in pages of %d: %d is %+v, expected %+v", size, i, listed[i], said[i])
			}
		}
	}
}
