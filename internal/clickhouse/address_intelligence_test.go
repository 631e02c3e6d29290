package clickhouse_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestAddressIntelligence: the dictionary says what is believed of an address now.
func TestAddressIntelligence(t *testing.T) {
	db := testkit.Database(t)
	now := time.Now()
	say := func(source, prefix, category string, confidence uint8, from, to time.Time, tags ...string) intelligence.Range {
		return intelligence.Range{Tenant: "default", Source: source, Prefix: netip.MustParsePrefix(prefix), Name: source + "'s", Category: category, Tags: tags, Confidence: confidence, From: from, To: to}
	}
	never := time.Time{}
	ranges := []intelligence.Range{
		say("operator", "198.51.100.0/24", "corporate", 0, never, never, "office"),
		say("tor", "198.51.100.7/32", "risky", 100, never, never, "tor"), // the operator wins also where a feed is narrower
		say("vpn", "203.0.113.0/24", "vpn", 80, never, never, "vpn"),
		say("asn", "203.0.0.0/16", "cloud", 70, never, never, "hosting"),
		say("tor", "203.0.113.5/32", "risky", 100, now.Add(-time.Hour), never, "tor"),
		say("tor", "203.0.113.6/32", "risky", 100, never, now.Add(-time.Hour), "tor"), // was one
		say("tor", "203.0.113.7/32", "risky", 100, now.Add(time.Hour), never, "tor"),  // will be one
		say("six", "2001:db8::/32", "other", 1, never, never),
	}
	e := sample("id-1", 1)
	e.IPAddress, e.IP = "203.0.113.5", netip.MustParseAddr("203.0.113.5")
	e.Geo = &event.Geo{Place: event.Place{Kind: event.PlaceUnknown}, ASN: 64501}
	if err := db.AppendEvents(t.Context(), "t", []event.Event{e}); err != nil {
		t.Fatal(err)
	}
	if err := db.AddRanges(t.Context(), ranges); err != nil {
		t.Fatal(err)
	}
	if err := db.RebuildNetworks(t.Context()); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"198.51.100.7": "operator corporate [office] 0 [operator,tor]", "203.0.113.5": "tor risky [hosting,tor,vpn] 100 [asn,tor,vpn]", "203.0.113.6": "vpn vpn [hosting,vpn] 80 [asn,vpn]",
		"203.0.113.7": "vpn vpn [hosting,vpn] 80 [asn,vpn]", "203.0.9.9": "asn cloud [hosting] 70 [asn]", "2001:db8::1": "six other [] 1 [six]", "192.0.2.1": "  [] 0 []",
	} {
		if got, err := clickhouse.AddressIntelligence(t.Context(), db, address); err != nil || got != want {
			t.Errorf("%s is %q, %v; expected %q", address, got, err, want)
		}
	}
	// the examples of the guide are run as they stand
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "address-intelligence.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```sql\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d examples in the guide", len(blocks))
	}
	for _, b := range blocks {
		sql, _, _ := strings.Cut(b, "```")
		if rows, err := clickhouse.CountRows(t.Context(), db, sql); err != nil || rows != 1 {
			t.Errorf("the example has %d rows, expected the one event: %v\n%s", rows, err, sql)
		}
	}
}
