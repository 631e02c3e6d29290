package intelligence

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// mapped is an address, or what stands for none, as the table of events has it.
func mapped(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv6Unspecified()
	}
	return netip.AddrFrom16(a.As16())
}

// covered says whether a range has an address: of its family alone, and never where there is none.
func covered(p netip.Prefix, a netip.Addr) bool {
	return a.IsValid() && a != netip.IPv6Unspecified() && Canonical(p).Contains(a)
}

// longest is the network that a look-up of the longest prefix among mapped addresses finds, as the engine does it; -1 for none.
func longest(n int, prefix func(int) netip.Prefix, a netip.Addr) int {
	best, bits := -1, -1
	for i := range n {
		p := prefix(i)
		if p.Addr().Is4() {
			p = netip.PrefixFrom(mapped(p.Addr()), p.Bits()+96)
		}
		if p.Contains(mapped(a)) && p.Bits() > bits {
			best, bits = i, p.Bits()
		}
	}
	return best
}

// anAddress is one of IPv4 in 10.0.0.0/8, one of IPv6 near those that are mapped, one far away, or none.
func anAddress(r *rand.Rand, third, fourth int) netip.Addr {
	a := netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(third)), byte(r.IntN(fourth))})
	switch r.IntN(12) {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.MustParseAddr([]string{"::", "::1", "::a00:1", "::fffe:10.0.0.1", "::1:0:0:0", "::1:ffff:10.0.0.1", "1::", "2001:db8::1", "ffff::1"}[r.IntN(9)])
	}
	return a
}

// aPrefix is one of a width of IPv4, also mapped into IPv6, and sometimes one of IPv6 around these and around none.
func aPrefix(r *rand.Rand, a netip.Addr, bits int) netip.Prefix {
	if !a.IsValid() {
		a = netip.IPv6Unspecified()
	}
	if !a.Is4() {
		return netip.PrefixFrom(a, r.IntN(129)).Masked()
	}
	switch r.IntN(8) {
	case 0:
		return netip.PrefixFrom(mapped(a), 96+bits).Masked()
	case 1:
		return netip.PrefixFrom(mapped(a), r.IntN(97)).Masked()
	}
	return netip.PrefixFrom(a, bits).Masked()
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{"10.1.2.3/8": "10.0.0.0/8", "::ffff:10.1.2.3/104": "10.0.0.0/8", "::ffff:10.1.2.3/128": "10.1.2.3/32", "::ffff:0.0.0.0/96": "0.0.0.0/0",
		"::ffff:10.1.2.3/95": "::fffe:0:0/95", "::/0": "::/0", "2001:db8::1/32": "2001:db8::/32"} {
		if got := Canonical(netip.MustParsePrefix(text)).String(); got != want {
			t.Errorf("%s is %s, expected %s", text, got, want)
		}
	}
}
