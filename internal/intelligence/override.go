package intelligence

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Override is what the operator says of where addresses are and of who runs their network, in the place of what the geo databases
// and the records say. Only ranges of OperatorSource have one.
type Override struct {
	// ISP who runs the network; empty when nothing is said.
	ISP string
	// ASN is its number; 0 leaves what the databases say.
	ASN uint32
	// Country is the ISO 3166-1 alpha-2 code; empty when nothing is said of the place.
	Country, CountryName, City string
	// HasCoordinates says that Latitude and Longitude, in degrees, are said.
	HasCoordinates      bool
	Latitude, Longitude float64
	// RadiusKM is the radius within which the addresses lie, 0 when nothing is said.
	RadiusKM float32
}

// Placed says whether something is said of where the addresses are.
func (o *Override) Placed() bool { return o.Country != "" }

// Networked says whether something is said of who runs their network.
func (o *Override) Networked() bool { return o.ISP != "" }

// markPrefix begins Cell.LocatedBy and Cell.NetworkBy.
const markPrefix = OperatorSource + " "

// Marked says whether what located an event, or named its network, is a range of the operator.
func Marked(by string) bool { return strings.HasPrefix(by, markPrefix) }

// Placement is a network with what the operators say of it, by itself and by the ranges around it.
type Placement struct {
	Prefix netip.Prefix
	// Cells of one tenant do not overlap.
	Cells []Cell
}

// Cell is what holds of a network for a span of event time.
type Cell struct {
	Tenant string
	// From is inclusive, To exclusive; the zero time means unbounded.
	From, To time.Time
	// LocatedBy and NetworkBy are those of the ranges that say where the addresses are and who runs them; empty when none does.
	LocatedBy, NetworkBy string
	Override
}

// At is the cell of a tenant and time; nil when there is none.
func (p *Placement) At(tenant string, at time.Time) *Cell {
	for i := range p.Cells {
		if c := &p.Cells[i]; c.Tenant == tenant && during(at, c.From, c.To) {
			return c
		}
	}
	return nil
}

// Placements returns what ranges of operators say, one for each distinct prefix of a range that says something: a look-up of the longest
// prefix finds all there is. The narrowest range counts that says something of the place, and the narrowest that says something of
// the network; of spans of one network that overlap, the one that begins last.
func Placements(ranges []Range) []Placement {
	var all []Placement
	for _, n := range Flatten(slices.DeleteFunc(slices.Clone(ranges), func(r Range) bool { return r.Source != OperatorSource || !r.Placed() && !r.Networked() })) {
		p := Placement{Prefix: n.Prefix}
		tenants := make([]string, 0, 1)
		for _, r := range n.Ranges {
			tenants = append(tenants, r.Tenant)
		}
		slices.Sort(tenants)
		for _, t := range slices.Compact(tenants) {
			p.Cells = append(p.Cells, cells(t, n.Ranges)...)
		}
		all = append(all, p)
	}
	return all
}

// cells are what holds when, by the ranges of a tenant.
func cells(tenant string, ranges []*Range) []Cell {
	own := slices.DeleteFunc(slices.Clone(ranges), func(r *Range) bool { return r.Tenant != tenant })
	// what counts most comes first
	slices.SortFunc(own, func(a, b *Range) int {
		return cmp.Or(cmp.Compare(b.Prefix.Bits(), a.Prefix.Bits()), b.From.Compare(a.From),
			cmp.Compare(b.LocatedBy()+b.NetworkBy(), a.LocatedBy()+a.NetworkBy())) // one that was stored in two forms
	})
	bounds := []time.Time{{}} // of the spans, the first without a beginning
	for _, r := range own {
		bounds = append(bounds, r.From)
		if !r.To.IsZero() {
			bounds = append(bounds, r.To)
		}
	}
	slices.SortFunc(bounds, time.Time.Compare)
	bounds = slices.CompactFunc(bounds, time.Time.Equal)
	var all []Cell
	for i, from := range bounds {
		c := Cell{Tenant: tenant, From: from}
		if i+1 < len(bounds) {
			c.To = bounds[i+1]
		}
		for _, r := range own {
			if !during(from, r.From, r.To) {
				continue
			}
			if c.LocatedBy == "" && r.Placed() {
				isp, asn := c.ISP, c.ASN
				c.Override, c.LocatedBy = r.Override, r.LocatedBy()
				c.ISP, c.ASN = isp, asn
			}
			if c.NetworkBy == "" && r.Networked() {
				c.ISP, c.ASN, c.NetworkBy = r.ISP, r.ASN, r.NetworkBy()
			}
		}
		if c.LocatedBy == "" && c.NetworkBy == "" {
			continue
		}
		if n := len(all); n > 0 && all[n-1].To.Equal(c.From) && all[n-1].LocatedBy == c.LocatedBy && all[n-1].NetworkBy == c.NetworkBy {
			all[n-1].To = c.To
			continue
		}
		all = append(all, c)
	}
	return all
}

// during says whether a time lies in a span; the zero times mean unbounded. The zero time itself lies in those without a beginning.
func during(at, from, to time.Time) bool { return !at.Before(from) && (to.IsZero() || at.Before(to)) }

// LocatedBy names the range in the events that it locates, with a mark of what it says; empty when it says nothing of the place. The mark does
// not depend on when it was said.
func (r *Range) LocatedBy() string {
	if !r.Placed() {
		return ""
	}
	return r.mark("%s|%s|%s|%t|%g|%g|%g", r.Country, r.CountryName, r.City, r.HasCoordinates, r.Latitude, r.Longitude, r.RadiusKM)
}

// NetworkBy is the same of who runs the network.
func (r *Range) NetworkBy() string {
	if !r.Networked() {
		return ""
	}
	return r.mark("%s|%d", r.ISP, r.ASN)
}

// mark names the range and, by a hash, what it says: the same words make the same mark, whenever they are said.
func (r *Range) mark(format string, said ...any) string {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, format, said...)
	return fmt.Sprintf("%s%s %08x", markPrefix, Canonical(r.Prefix), h.Sum32())
}
