package intelligence

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestFlatten compares the longest prefix's ranges with a search over all of them.
func TestFlatten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var ranges []Range
		for i := range 1 + r.IntN(40) {
			a := netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(4)), byte(r.IntN(256))})
			ranges = append(ranges, Range{Name: fmt.Sprint(i), Prefix: netip.PrefixFrom(a, 8+r.IntN(25)).Masked()})
		}
		networks := Flatten(ranges)
		for range 50 {
			a := netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(4)), byte(r.IntN(256))})
			var want, got []string
			for i := range ranges {
				if ranges[i].Prefix.Contains(a) {
					want = append(want, ranges[i].Name)
				}
			}
			best := -1
			for i := range networks {
				if networks[i].Prefix.Contains(a) && (best < 0 || networks[i].Prefix.Bits() > networks[best].Prefix.Bits()) {
					best = i
				}
			}
			if best >= 0 {
				for _, x := range networks[best].Ranges {
					got = append(got, x.Name)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Fatalf("%s: got %v, want %v of %v", a, got, want, ranges)
			}
		}
	}
}
