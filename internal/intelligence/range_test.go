package intelligence

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestFlatten compares the longest prefix's ranges with a search over all of them, of addresses of both families, one mapped into the other, and of none.
func TestFlatten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var ranges []Range
		for i := range 1 + r.IntN(40) {
			ranges = append(ranges, Range{Name: fmt.Sprint(i), Prefix: aPrefix(r, anAddress(r, 4, 256), r.IntN(33))})
		}
		networks := Flatten(ranges)
		for range 50 {
			a := anAddress(r, 4, 256)
			var want, got []string
			for i := range ranges {
				if covered(ranges[i].Prefix, a) {
					want = append(want, ranges[i].Name)
				}
			}
			best := longest(len(networks), func(i int) netip.Prefix { return networks[i].Prefix }, a)
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
