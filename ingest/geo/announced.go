package geo

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Announced calls yield with the networks that the autonomous systems announce, by the newest release of each product, until it
// returns an error, which is returned.
func (l *Locator) Announced(wanted func(asn uint32) bool, yield func(asn uint32, p netip.Prefix) error) error {
	for i := range l.asn {
		releases := l.asn[i].releases
		if err := releases[len(releases)-1].database.announced(wanted, yield); err != nil {
			return err
		}
	}
	return nil
}

// ASNEdition names the newest release of each product of networks.
func (l *Locator) ASNEdition() string {
	var all []string
	for i := range l.asn {
		releases := l.asn[i].releases
		all = append(all, l.asn[i].name+" "+releases[len(releases)-1].built.Format(time.DateOnly))
	}
	return strings.Join(all, ", ")
}

func (db asnDatabase) announced(wanted func(uint32) bool, yield func(uint32, netip.Prefix) error) error {
	for result := range db.reader.Networks() {
		var n struct {
			Number uint32 `maxminddb:"autonomous_system_number"`
		}
		if err := result.Decode(&n); err != nil {
			return fmt.Errorf("%s: %w", result.Prefix(), err)
		}
		if n.Number == 0 || !wanted(n.Number) {
			continue
		}
		p := result.Prefix()
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if err := yield(n.Number, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *ranges) announced(wanted func(uint32) bool, yield func(uint32, netip.Prefix) error) error {
	send := func(n uint32, first, last netip.Addr) error {
		asn := r.known[n].asn
		if !wanted(asn) {
			return nil
		}
		for _, p := range prefixes(first, last) {
			if err := yield(asn, p); err != nil {
				return err
			}
		}
		return nil
	}
	for _, s := range r.v4 {
		if err := send(s.network, four(s.first), four(s.last)); err != nil {
			return err
		}
	}
	for _, s := range r.v6 {
		if err := send(s.network, netip.AddrFrom16(s.first), netip.AddrFrom16(s.last)); err != nil {
			return err
		}
	}
	return nil
}

func four(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

// prefixes are the fewest that cover a range of addresses, both ends included.
func prefixes(first, last netip.Addr) (all []netip.Prefix) {
	for first.Compare(last) <= 0 {
		bits := first.BitLen()
		for bits > 0 {
			wider := netip.PrefixFrom(first, bits-1)
			if wider.Masked().Addr() != first || endOf(wider).Compare(last) > 0 {
				break
			}
			bits--
		}
		p := netip.PrefixFrom(first, bits)
		all = append(all, p)
		if first = endOf(p).Next(); !first.IsValid() {
			break
		}
	}
	return all
}

// endOf is the last address of a network.
func endOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
