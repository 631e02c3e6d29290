package intelligence

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// TestPlacements compares the cell of the longest prefix with a search over all ranges, at and around every bound of time, for addresses as
// TestFlatten has them.
func TestPlacements(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	day := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC)
	}
	for range 200 {
		var ranges []Range
		seen := make(map[string]bool)
		for range 1 + r.IntN(30) {
			x := Range{Tenant: []string{"a", "b"}[r.IntN(2)], Source: []string{OperatorSource, OperatorSource, "feed"}[r.IntN(3)], Prefix: aPrefix(r, anAddress(r, 3, 256), 8*r.IntN(5)), From: day(r.IntN(8))}
			if r.IntN(2) == 0 {
				x.To = x.From.AddDate(0, 0, 1+r.IntN(9))
				if x.From.IsZero() {
					x.To = day(1 + r.IntN(9))
				}
			}
			if r.IntN(3) > 0 {
				x.Country, x.City = "IE", fmt.Sprint(r.IntN(3))
			}
			if r.IntN(3) > 0 {
				x.ISP = fmt.Sprint("isp ", r.IntN(3))
			}
			if key := fmt.Sprint(x.Tenant, x.Source, Canonical(x.Prefix), x.From); !seen[key] {
				seen[key] = true
				ranges = append(ranges, x)
			}
		}
		all := Placements(ranges)
		for range 40 {
			a := anAddress(r, 3, 256)
			at, tenant := day(1+r.IntN(20)).Add(time.Duration(r.IntN(3)-1)), []string{"a", "b"}[r.IntN(2)]
			var place, network *Range
			for i := range ranges {
				x := &ranges[i]
				if x.Tenant != tenant || x.Source != OperatorSource || !covered(x.Prefix, a) || at.Before(x.From) || !x.To.IsZero() && !at.Before(x.To) {
					continue
				}
				narrower := func(than *Range) bool {
					return than == nil || Canonical(x.Prefix).Bits() > Canonical(than.Prefix).Bits() || Canonical(x.Prefix).Bits() == Canonical(than.Prefix).Bits() && x.From.After(than.From)
				}
				if x.Placed() && narrower(place) {
					place = x
				}
				if x.Networked() && narrower(network) {
					network = x
				}
			}
			var want, got [4]string
			if place != nil {
				want[0], want[1] = place.LocatedBy(), place.City
			}
			if network != nil {
				want[2], want[3] = network.NetworkBy(), network.ISP
			}
			best := longest(len(all), func(i int) netip.Prefix { return all[i].Prefix }, a)
			if best >= 0 {
				if c := all[best].At(tenant, at); c != nil {
					got = [4]string{c.LocatedBy, c.City, c.NetworkBy, c.ISP}
				}
			}
			if got != want {
				t.Fatalf("%s of %s at %s: got %q, want %q of %+v", a, tenant, at, got, want, ranges)
			}
		}
	}
}
