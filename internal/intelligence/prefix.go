package intelligence

import "net/netip"

// mappedBits are those of an IPv6 address before an IPv4 address that is mapped into it.
const mappedBits = 96

// notIPv6 are the networks of IPv6 in which the table of events keeps what is no IPv6 address: IPv4 mapped, and :: for none at all.
var notIPv6 = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom16(netip.IPv4Unspecified().As16()), mappedBits), netip.PrefixFrom(netip.IPv6Unspecified(), 128)}

// Canonical is the network in the form in which it is kept: without what is beyond the mask, and IPv4 that is mapped into IPv6 as IPv4.
func Canonical(p netip.Prefix) netip.Prefix {
	p = p.Masked()
	if p.Addr().Is4In6() && p.Bits() >= mappedBits {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p
}

// pieces are the fewest networks with all addresses of a canonical one. Of IPv6 they leave out what is none, so that a look-up
// among mapped addresses, as the engine does it, finds what a look-up among those of one family finds.
func pieces(p netip.Prefix) []netip.Prefix {
	if p.Addr().Is4() {
		return []netip.Prefix{p}
	}
	whole := true
	for _, n := range notIPv6 {
		if n.Bits() <= p.Bits() && n.Contains(p.Addr()) {
			return nil
		}
		whole = whole && !p.Overlaps(n)
	}
	if whole {
		return []netip.Prefix{p}
	}
	low, high := halves(p)
	return append(pieces(low), pieces(high)...)
}

func halves(p netip.Prefix) (low, high netip.Prefix) {
	b := p.Addr().As16()
	b[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	return netip.PrefixFrom(p.Addr(), p.Bits()+1), netip.PrefixFrom(netip.AddrFrom16(b), p.Bits()+1)
}
