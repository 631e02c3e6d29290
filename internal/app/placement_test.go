package app

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/simulate"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// stored are the events of a tenant with where they lie, and without what differs between two ways to the same set.
func (w *watched) stored() []event.Event {
	w.t.Helper()
	all, err := w.db.ListEvents(w.t.Context(), w.scenario.Name, event.Filter{}, event.Cursor{}, 1_000_000, false)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range all {
		all[i].Tenant, all[i].Sequence, all[i].Arrival = "", 0, time.Time{}
	}
	slices.SortFunc(all, func(a, b event.Event) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

var address = regexp.MustCompile(`"ipAddress":"[^"]*"`)

// around are ranges of IPv6 that reach around those into which IPv4 is mapped and around ::, as which an event without an address is stored, and one that is mapped.
func around(s simulate.Scenario, address netip.Addr) []intelligence.Range {
	of := func(prefix string, o intelligence.Override) intelligence.Range {
		return intelligence.Range{Tenant: s.Name, Source: intelligence.OperatorSource, Prefix: netip.MustParsePrefix(prefix), Category: "other", Override: o}
	}
	return []intelligence.Range{of("::/0", intelligence.Override{Country: "IE", CountryName: "Ireland"}), of("::/64", intelligence.Override{Country: "SE", CountryName: "Sweden"}),
		of(netip.PrefixFrom(netip.AddrFrom16(address.As16()), 100).Masked().String(), intelligence.Override{ISP: "Mapped Carrier"})}
}

// simulatedRecords are all records of a scenario, with their addresses.
func simulatedRecords(t *testing.T, s simulate.Scenario) (records [][]byte, addresses []netip.Addr) {
	t.Helper()
	g, err := simulate.New(s.Options())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[netip.Addr]int)
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(records)%30 == 7 { // comes from nowhere
			item.JSON = address.ReplaceAll(item.JSON, []byte(`"ipAddress":""`))
		}
		records = append(records, item.JSON)
		var r struct{ IPAddress string }
		if err := json.Unmarshal(item.JSON, &r); err != nil {
			t.Fatal(err)
		}
		if a, err := netip.ParseAddr(r.IPAddress); err == nil {
			if seen[a] == 0 {
				addresses = append(addresses, a)
			}
			seen[a]++
		}
	}
	slices.SortFunc(addresses, func(a, b netip.Addr) int { return cmp.Or(seen[b]-seen[a], a.Compare(b)) })
	return records, addresses
}

// placing are ranges of the operator around the addresses: wide and narrow ones, some for a time alone, of which some say the place, the network or neither.
func placing(r *rand.Rand, s simulate.Scenario, addresses []netip.Addr, n int) []intelligence.Range {
	var all []intelligence.Range
	seen := make(map[string]bool)
	for len(all) < n {
		a := addresses[r.IntN(min(len(addresses), 30))]
		bits := []int{a.BitLen(), a.BitLen() - 8, a.BitLen() / 2, a.BitLen() * 7 / 8}[r.IntN(4)]
		x := intelligence.Range{Tenant: s.Name, Source: intelligence.OperatorSource, Prefix: netip.PrefixFrom(a, bits).Masked(), Category: "other", Override: said(r)}
		if r.IntN(2) == 0 {
			x.From = s.Start.Add(time.Duration(r.IntN(s.Days*24)) * time.Hour)
		}
		if r.IntN(3) == 0 {
			x.To = s.Start.AddDate(0, 0, s.Days).Add(time.Duration(r.IntN(48)) * time.Hour)
			if r.IntN(2) == 0 && !x.From.IsZero() {
				x.To = x.From.Add(time.Duration(1+r.IntN(200)) * time.Hour)
			}
		}
		if key := x.Prefix.String() + x.From.String(); !seen[key] {
			seen[key] = true
			all = append(all, x)
		}
	}
	return all
}

func said(r *rand.Rand) (o intelligence.Override) {
	if r.IntN(5) == 0 {
		return o
	}
	if r.IntN(2) == 0 {
		o.ISP = []string{"Contoso", "Example Carrier"}[r.IntN(2)]
		if r.IntN(2) == 0 {
			o.ASN = 64500 + uint32(r.IntN(3))
		}
	}
	switch r.IntN(5) {
	case 0:
		o.Country, o.CountryName, o.City, o.HasCoordinates, o.Latitude, o.Longitude, o.RadiusKM = "IE", "Ireland", "Dublin", true, 53.35, -6.26, 25
	case 1:
		o.Country, o.CountryName, o.HasCoordinates, o.Latitude, o.Longitude = "US", "United States", true, 40.7, -74
	case 2:
		o.Country, o.CountryName, o.City = "DE", "Germany", "Berlin"
	case 3:
		o.Country, o.CountryName = "US", "United States"
	}
	return o
}

// TestPlacesAnyOrder lets the operator's ranges come before, between and after the events, lets some say something else first and takes others back,
// over restarts. Where the events lie in the end, what was said of them, and the alerts are those of the ranges that were there from the beginning.
func TestPlacesAnyOrder(t *testing.T) {
	s := simulate.Scenario{Name: "placed-first", Description: "d", Seed: 5, Users: 4, Start: time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC), Days: 11, Quiet: 9, AttacksPerDay: 5}
	records, addresses := simulatedRecords(t, s)
	r := rand.New(rand.NewPCG(7, 11))
	four := addresses[slices.IndexFunc(addresses, netip.Addr.Is4)]
	final := append(around(s, four), placing(r, s, addresses, 9)...)
	other := placing(r, s, addresses, 3)
	of := func(tenant string, ranges []intelligence.Range) []intelligence.Range {
		ranges = slices.Clone(ranges)
		for i := range ranges {
			ranges[i].Tenant = tenant
		}
		return ranges
	}
	know := func(w *watched, ranges ...intelligence.Range) {
		t.Helper()
		if err := w.runner.Know(t.Context(), of(w.scenario.Name, ranges)); err != nil {
			t.Fatal(err)
		}
	}
	moving := []string{"impossible_travel"} // what judges by places and networks
	db := testkit.Database(t)
	first := watch(t, db, s, moving...)
	know(first, final...)
	first.take(records)
	first.settle()
	where, want := first.stored(), first.standing()
	first.close()
	moved, nowhere, mapped := 0, 0, 0
	for _, e := range where {
		if e.Geo != nil {
			moved++
		}
		if e.IPAddress == "" {
			nowhere++
			if e.Geo != nil {
				t.Errorf("%s has no address and was put into %q", e.ID, e.Place.Country)
			}
		}
		if e.IP.Unmap().Is4() && strings.HasPrefix(e.Place.LocatedBy, "operator ::/") {
			t.Errorf("%s from %s lies where a range of IPv6 says", e.ID, e.IP)
		}
		if e.ASOrganization == "Mapped Carrier" {
			mapped++
		}
	}
	if moved < len(where)/10 || moved == len(where) || nowhere == 0 || mapped == 0 || len(want) < 5 {
		t.Fatalf("%d of %d events are placed by ranges, %d of them by a mapped one, %d have no address, %d alerts: it tests little", moved, len(where), mapped, nowhere, len(want))
	}
	check := func(w *watched, what string) {
		t.Helper()
		if diff := gocmp.Diff(where, w.stored(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s: the events lie elsewhere (-placed first +%s):\n%.4000s", what, what, diff)
		}
		if diff := gocmp.Diff(want, w.standing()); diff != "" {
			t.Errorf("%s: other alerts (-placed first +%s):\n%.4000s", what, what, diff)
		}
		w.close()
	}

	s.Name = "placed-last"
	last := watch(t, db, s, moving...)
	last.take(records)
	last.settle()
	know(last, final...)
	last.settle()
	check(last, "placed last")

	s.Name = "placed-between"
	between := watch(t, db, s, moving...)
	r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	rest := slices.Clone(final)
	for left := records; len(left) > 0; {
		n := min(len(left), 1+len(records)/4+r.IntN(len(records)/4))
		between.take(left[:n])
		left = left[n:]
		if r.IntN(2) > 0 {
			between.settle()
		}
		wrong := rest[0] // the same range says something else first
		wrong.Override = said(r)
		know(between, other[0], wrong, rest[1])
		other, rest = append(other[1:], other[0]), append(rest[2:], rest[0], rest[1])
		if r.IntN(2) == 0 {
			between.restart()
		}
	}
	if _, err := between.runner.Forget(t.Context(), intelligence.OperatorSource, nil); err != nil {
		t.Fatal(err)
	}
	know(between, final[:4]...)
	between.restart()
	know(between, final[4:]...)
	between.settle()
	check(between, "placed between")
}
