// Package geo tells where an address is and who runs its network, from databases on disk.
package geo

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
)

// Options name the databases. Files for IPv4 and IPv6 may be apart: they are asked in turn.
type Options struct {
	// City are MMDB files in DB-IP's flat or MaxMind's nested shape.
	City []string
	// ASN are MMDB files, or CSV files with start, end, number, organisation.
	ASN    []string
	Logger *slog.Logger
}

// Location is what the databases know about an address.
type Location struct {
	// Country is the ISO code, in upper case.
	Country, CountryName, Region, City string
	// HasCoordinates says that Latitude and Longitude, in degrees, are known.
	HasCoordinates      bool
	Latitude, Longitude float64
	// AccuracyKM is the radius in which the place is believed to lie, 0 when unknown.
	AccuracyKM float32
	// LocatedBy names the city database and its build date; empty when none knows the address.
	LocatedBy string
	// ASN is 0 when no database knows the address.
	ASN            uint32
	ASOrganization string
}

// network is who runs a network.
type network struct {
	asn          uint32
	organization string
}

// networks is one source of them.
type networks interface {
	lookup(netip.Addr) (network, bool, error)
	close() error
}

// Locator looks addresses up; it may be used concurrently.
type Locator struct {
	city      []*cityDatabase
	asn       []networks
	countries *Countries
	reserved  []netip.Prefix
	log       *slog.Logger
}

// Open opens the databases; without any, the Locator knows nothing. The error names the file that cannot be used.
func Open(opt Options) (*Locator, error) {
	countries, err := NewCountries()
	if err != nil {
		return nil, err
	}
	l := &Locator{countries: countries, reserved: reservedPrefixes(), log: opt.Logger}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	for _, file := range opt.City {
		db, err := openCity(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening the city database: %w", err), l.Close())
		}
		l.city = append(l.city, db)
		l.log.Info("city database", slog.String("file", file), slog.String("version", db.name))
	}
	for _, file := range opt.ASN {
		open := openASN
		if strings.EqualFold(filepath.Ext(file), ".csv") {
			open = openRanges
		}
		n, err := open(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening the network database: %w", err), l.Close())
		}
		l.asn = append(l.asn, n)
		l.log.Info("network database", slog.String("file", file))
	}
	return l, nil
}

// Close gives the databases back. No Locate may run or follow.
func (l *Locator) Close() error {
	var errs []error
	for _, db := range l.city {
		errs = append(errs, db.reader.Close())
	}
	for _, n := range l.asn {
		errs = append(errs, n.close())
	}
	return errors.Join(errs...)
}

// Locate returns what is known about the address; ok is false when nothing is. Private and reserved addresses are
// known to nobody.
func (l *Locator) Locate(addr netip.Addr) (loc Location, ok bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || l.isReserved(addr) {
		return Location{}, false
	}
	for _, db := range l.city {
		found, err := db.lookup(addr, &loc)
		if err != nil {
			l.log.Warn("city database is damaged", slog.String("database", db.name), slog.Any("error", err))
			continue
		}
		if found {
			if loc.CountryName == "" {
				loc.CountryName = l.countries.Name(loc.Country)
			}
			ok = true
			break
		}
	}
	for _, db := range l.asn {
		n, found, err := db.lookup(addr)
		if err != nil {
			l.log.Warn("network database is damaged", slog.Any("error", err))
			continue
		}
		if found {
			loc.ASN, loc.ASOrganization = n.asn, n.organization
			return loc, true
		}
	}
	return loc, ok
}

func (l *Locator) isReserved(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	for _, p := range l.reserved {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// reservedPrefixes are the special-purpose ranges of RFC 6890 and its successors beyond those that netip knows.
func reservedPrefixes() []netip.Prefix {
	list := []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "100::/64", "2001:2::/48", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10"}
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
