// Package intelligence holds the domain types of what is known about addresses. It imports the standard library only.
package intelligence

import (
	"net/netip"
	"slices"
	"time"
)

// Categories of a range, as Defender for Cloud Apps has them.
var Categories = []string{"corporate", "administrative", "risky", "vpn", "cloud", "other"}

// Tags that detections know; a range may carry others.
var Tags = []string{"tor", "anonymous_proxy", "vpn", "relay", "satellite", "hosting", "botnet", "malware_cc", "password_spray", "darknet_scanning", "corporate"}

// OperatorSource is the source of what the operator says; it wins over every other.
const OperatorSource = "operator"

// Range says what addresses are, for a span of event time.
type Range struct {
	Tenant string
	// Source is who says so: OperatorSource or the name of a feed.
	Source string
	Prefix netip.Prefix
	// Name for people; may be empty.
	Name string
	// Category is one of Categories.
	Category string
	Tags     []string
	// Confidence is 0 to 100.
	Confidence uint8
	// From is inclusive, To exclusive; the zero time means unbounded.
	From, To time.Time
	// Override says where the addresses are and who runs them; the zero one says nothing.
	Override
}

// Network is a prefix with everything that is said about its addresses, by itself and by the ranges around it.
type Network struct {
	Prefix netip.Prefix
	Ranges []*Range
}

// Flatten returns one network for each distinct prefix; each has the ranges of its own and of all prefixes that cover it,
// so that a look-up of the longest prefix finds everything. A range of IPv6 has no address of IPv4, however wide it is: one that
// reaches around those that are mapped comes in pieces.
func Flatten(ranges []Range) []Network {
	type piece struct {
		netip.Prefix
		of *Range
	}
	order := make([]piece, 0, len(ranges))
	for i := range ranges {
		r := &ranges[i]
		if p := Canonical(r.Prefix); p != r.Prefix {
			own := *r
			own.Prefix, r = p, &own
		}
		for _, p := range pieces(r.Prefix) {
			order = append(order, piece{p, r})
		}
	}
	slices.SortStableFunc(order, func(a, b piece) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var all []Network
	var around []int // indexes of the networks that cover the present one, the widest first
	for _, r := range order {
		for len(around) > 0 && !covers(all[around[len(around)-1]].Prefix, r.Prefix) {
			around = around[:len(around)-1]
		}
		if n := len(around); n > 0 && all[around[n-1]].Prefix == r.Prefix {
			top := &all[around[n-1]]
			top.Ranges = append(top.Ranges, r.of)
			continue
		}
		n := Network{Prefix: r.Prefix}
		if len(around) > 0 {
			n.Ranges = slices.Clone(all[around[len(around)-1]].Ranges)
		}
		n.Ranges = append(n.Ranges, r.of)
		around = append(around, len(all))
		all = append(all, n)
	}
	return all
}

func covers(outer, inner netip.Prefix) bool {
	return outer.Addr().Is4() == inner.Addr().Is4() && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
