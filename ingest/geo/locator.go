// Package geo tells where an address is and who runs its network, from databases on disk.
package geo

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/countries"
)

// Options name the databases. Several products, and files for IPv4 and IPv6 that are apart, are asked in turn. Of several
// releases of one product, the newest that was built by the time of the event is asked first; see Locate.
type Options struct {
	// City are MMDB files in DB-IP's flat or MaxMind's nested shape, or folders of them.
	City []string
	// ASN are MMDB files, or CSV files with start, end, number, organisation, or folders of them. A CSV file says by the
	// end of its name when it was built: asn-ipv4-2026-06-01.csv.
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
	// NetworkBy names the database of networks and its build date, where the file says it; empty when none knows the address.
	NetworkBy string
}

// network is who runs a network.
type network struct {
	asn          uint32
	organization string
}

// networks is one source of them.
type networks interface {
	lookup(netip.Addr) (network, bool, error)
	announced(wanted func(asn uint32) bool, yield func(asn uint32, p netip.Prefix) error) error
	close() error
}

// Locator looks addresses up; it may be used concurrently.
type Locator struct {
	city []product[*cityDatabase]
	asn  []product[networks]
	// built are the times at which some release was built.
	built     []time.Time
	countries *countries.Table
	reserved  []netip.Prefix
	log       *slog.Logger
}

// Open opens the databases; without any, the Locator knows nothing. The error names the file that cannot be used.
func Open(opt Options) (*Locator, error) {
	names, err := countries.New()
	if err != nil {
		return nil, err
	}
	l := &Locator{countries: names, reserved: reservedPrefixes(), log: opt.Logger}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.open(opt); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.built = dates(dates(nil, l.city), l.asn)
	return l, nil
}

func (l *Locator) open(opt Options) error {
	city, err := expand(opt.City, ".mmdb")
	if err != nil {
		return fmt.Errorf("opening the city databases: %w", err)
	}
	for _, file := range city {
		db, err := openCity(file)
		if err != nil {
			return fmt.Errorf("opening the city database: %w", err)
		}
		l.city = add(l.city, db.product, db.built, db)
		l.log.Info("city database", slog.String("file", file), slog.String("version", db.name))
	}
	asn, err := expand(opt.ASN, ".mmdb", ".csv")
	if err != nil {
		return fmt.Errorf("opening the network databases: %w", err)
	}
	for _, file := range asn {
		open := openASN
		if strings.EqualFold(filepath.Ext(file), ".csv") {
			open = openRanges
		}
		n, name, built, err := open(file)
		if err != nil {
			return fmt.Errorf("opening the network database: %w", err)
		}
		l.asn = add(l.asn, name, built, n)
		attrs := []any{slog.String("file", file)}
		if !built.IsZero() { // a CSV without a date in its name
			attrs = append(attrs, slog.Time("built", built))
		}
		l.log.Info("network database", attrs...)
	}
	return nil
}

// Close gives the databases back. No Locate may run or follow.
func (l *Locator) Close() error {
	var errs []error
	for i := range l.city {
		for _, r := range l.city[i].releases {
			errs = append(errs, r.database.reader.Close())
		}
	}
	for i := range l.asn {
		for _, r := range l.asn[i].releases {
			errs = append(errs, r.database.close())
		}
	}
	return errors.Join(errs...)
}

// Epoch numbers the spans of time between releases: Locate says the same of an address at two times of one.
func (l *Locator) Epoch(at time.Time) int {
	return sort.Search(len(l.built), func(i int) bool { return l.built[i].After(at) })
}

// Locate returns what is known about the address at a time; ok is false when nothing is. The newest release that was built
// by then answers, and the earliest for what came before all of them, so that it does not matter when an event arrives.
// Where a release does not know the address, the older ones and then the later ones are asked. Private and reserved
// addresses are known to nobody.
func (l *Locator) Locate(addr netip.Addr, at time.Time) (loc Location, ok bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || l.isReserved(addr) {
		return Location{}, false
	}
	for i := range l.city {
		if ok = l.city[i].each(at, func(r release[*cityDatabase]) bool {
			db := r.database
			found, err := db.lookup(addr, &loc)
			if err != nil {
				l.log.Warn("city database is damaged", slog.String("database", db.name), slog.Any("error", err))
			}
			return err == nil && found
		}); ok {
			if loc.CountryName == "" {
				loc.CountryName = l.countries.Name(loc.Country)
			}
			break
		}
	}
	for i := range l.asn {
		if l.asn[i].each(at, func(r release[networks]) bool {
			n, found, err := r.database.lookup(addr)
			if err != nil {
				l.log.Warn("network database is damaged", slog.Any("error", err))
				return false
			}
			if found {
				loc.ASN, loc.ASOrganization, loc.NetworkBy = n.asn, n.organization, edited(l.asn[i].name, r.built)
			}
			return found
		}) {
			return loc, true
		}
	}
	return loc, ok
}

// edited is a product with the date on which a release was built.
func edited(product string, built time.Time) string {
	if built.IsZero() {
		return product
	}
	return product + " " + built.Format(time.DateOnly)
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
