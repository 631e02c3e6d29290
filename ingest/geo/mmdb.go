package geo

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// openMMDB opens a file and says what it is a release of.
func openMMDB(file string) (*maxminddb.Reader, string, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, "", fmt.Errorf("%w; expected an MMDB file", err)
	}
	r, err := maxminddb.Open(file)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w; expected an MMDB file", file, err)
	}
	name := r.Metadata.DatabaseType
	if name == "" || strings.Contains(name, " ") { // a description rather than a name
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	return r, name, nil
}

// fits says whether the database can hold the address at all.
func fits(r *maxminddb.Reader, addr netip.Addr) bool { return addr.Is4() || r.Metadata.IPVersion == 6 }

// cityDatabase is an MMDB with places.
type cityDatabase struct {
	reader  *maxminddb.Reader
	product string
	built   time.Time
	// name is what goes into LocatedBy: the product with the date.
	name   string
	nested bool
}

// flatCity is DB-IP's shape, as ip-location-db gives it.
type flatCity struct {
	Country   string   `maxminddb:"country_code"`
	Region    string   `maxminddb:"state1"`
	City      string   `maxminddb:"city"`
	Latitude  *float64 `maxminddb:"latitude"`
	Longitude *float64 `maxminddb:"longitude"`
}

// nestedCity is MaxMind's shape, which DB-IP's own files have too.
type nestedCity struct {
	Country      named   `maxminddb:"country"`
	Registered   named   `maxminddb:"registered_country"`
	Subdivisions []named `maxminddb:"subdivisions"`
	City         named   `maxminddb:"city"`
	Location     struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
		Accuracy  uint16   `maxminddb:"accuracy_radius"`
	} `maxminddb:"location"`
}

type named struct {
	ISOCode string `maxminddb:"iso_code"`
	Names   struct {
		English string `maxminddb:"en"`
	} `maxminddb:"names"`
}

func openCity(file string) (*cityDatabase, error) {
	r, name, err := openMMDB(file)
	if err != nil {
		return nil, err
	}
	built := r.Metadata.BuildTime().UTC()
	return &cityDatabase{reader: r, product: name, built: built, name: name + " " + built.Format(time.DateOnly), nested: nestedShape(r)}, nil
}

// nestedShape looks at the first record that there is.
func nestedShape(r *maxminddb.Reader) bool {
	for result := range r.Networks() {
		var flat string
		return result.DecodePath(&flat, "country_code") != nil || flat == ""
	}
	return true
}

// lookup fills loc in; found is false when the database does not know the address.
func (db *cityDatabase) lookup(addr netip.Addr, loc *Location) (found bool, err error) {
	if !fits(db.reader, addr) {
		return false, nil
	}
	result := db.reader.Lookup(addr)
	if err := result.Err(); err != nil || !result.Found() {
		return false, err
	}
	var latitude, longitude *float64
	if db.nested {
		var c nestedCity
		if err := result.Decode(&c); err != nil {
			return false, fmt.Errorf("%s: %w", addr, err)
		}
		if c.Country.ISOCode == "" {
			c.Country = c.Registered
		}
		loc.Country, loc.CountryName, loc.City = c.Country.ISOCode, c.Country.Names.English, c.City.Names.English
		if len(c.Subdivisions) > 0 {
			loc.Region = c.Subdivisions[0].Names.English
		}
		loc.AccuracyKM = float32(c.Location.Accuracy)
		latitude, longitude = c.Location.Latitude, c.Location.Longitude
	} else {
		var c flatCity
		if err := result.Decode(&c); err != nil {
			return false, fmt.Errorf("%s: %w", addr, err)
		}
		loc.Country, loc.Region, loc.City = c.Country, c.Region, c.City
		latitude, longitude = c.Latitude, c.Longitude
	}
	if loc.Country = strings.ToUpper(loc.Country); loc.Country == "ZZ" { // DB-IP's mark for "nobody's"
		*loc = Location{}
		return false, nil
	}
	if latitude != nil && longitude != nil && (*latitude != 0 || *longitude != 0) {
		loc.HasCoordinates, loc.Latitude, loc.Longitude = true, *latitude, *longitude
	}
	if !loc.HasCoordinates && loc.Country == "" {
		*loc = Location{}
		return false, nil
	}
	loc.LocatedBy = db.name
	return true, nil
}

// asnDatabase is an MMDB with networks.
type asnDatabase struct{ reader *maxminddb.Reader }

func openASN(file string) (networks, string, time.Time, error) {
	r, name, err := openMMDB(file)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	return asnDatabase{r}, name, r.Metadata.BuildTime().UTC(), nil
}

func (db asnDatabase) lookup(addr netip.Addr) (network, bool, error) {
	if !fits(db.reader, addr) {
		return network{}, false, nil
	}
	var n struct {
		Number       uint32 `maxminddb:"autonomous_system_number"`
		Organization string `maxminddb:"autonomous_system_organization"`
	}
	result := db.reader.Lookup(addr)
	if !result.Found() {
		return network{}, false, result.Err()
	}
	if err := result.Decode(&n); err != nil {
		return network{}, false, fmt.Errorf("%s: %w", addr, err)
	}
	return network{n.Number, n.Organization}, n.Number != 0, nil
}

func (db asnDatabase) close() error { return db.reader.Close() }
