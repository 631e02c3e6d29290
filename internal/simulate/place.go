package simulate

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the places keep local time on machines without a zone database too
)

//go:embed data/places.csv
var placesCSV string

// place is a city.
type place struct {
	index                int
	city, state, country string
	latitude, longitude  float64
	zone                 *time.Location
	office               bool
}

// readPlaces reads the built-in cities.
func readPlaces() ([]*place, error) {
	r := csv.NewReader(strings.NewReader(placesCSV))
	r.Comment = '#'
	r.FieldsPerRecord = 7
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("simulate: data/places.csv: %w", err)
	}
	all := make([]*place, len(rows))
	for i, row := range rows {
		lat, errLat := strconv.ParseFloat(row[3], 64)
		lon, errLon := strconv.ParseFloat(row[4], 64)
		zone, errZone := time.LoadLocation(row[5])
		for _, err := range []error{errLat, errLon, errZone} {
			if err != nil {
				return nil, fmt.Errorf("simulate: data/places.csv: %s: %w", row[0], err)
			}
		}
		all[i] = &place{index: i, city: row[0], state: row[1], country: row[2], latitude: lat, longitude: lon, zone: zone,
			office: row[6] == "yes"}
	}
	return all, nil
}

// kilometres is the great-circle distance.
func (p *place) kilometres(q *place) float64 {
	const earth, degree = 6371, math.Pi / 180
	a, b := p.latitude*degree, q.latitude*degree
	h := math.Pow(math.Sin((b-a)/2), 2) + math.Cos(a)*math.Cos(b)*math.Pow(math.Sin((q.longitude-p.longitude)*degree/2), 2)
	return 2 * earth * math.Asin(math.Sqrt(h))
}

// farther lists the places in other countries at least so far away.
func (g *Generator) farther(from *place, kilometres float64) []*place {
	var all []*place
	for _, p := range g.places {
		if p.country != from.country && p.kilometres(from) >= kilometres {
			all = append(all, p)
		}
	}
	return all
}

// address is a network address and where DocuSign believes it to be.
type address struct {
	ip string
	at *place
}

// Every address is of a range that is reserved for documentation or tests (RFC 5737, RFC 2544, RFC 3849), which no geo
// database places anywhere. The exception are DocuSign's own servers, as in real records.

// officeAddress is one of an office's few way-outs.
func officeAddress(p *place, n int) address {
	return address{fmt.Sprintf("203.0.113.%d", p.index*8+n%4+1), p}
}

// homeAddress is a person's own connection; every third is IPv6.
func homeAddress(user int, p *place) address {
	if user%3 == 0 {
		return homeAddress6(user, p)
	}
	return homeAddress4(user, p)
}

func homeAddress4(user int, p *place) address {
	return address{fmt.Sprintf("198.18.%d.%d", user>>8, user&255), p}
}

func homeAddress6(user int, p *place) address {
	return address{fmt.Sprintf("2001:db8:1:%x::%x", user, user%250+2), p}
}

// isHome and isOffice say what kind of line an address is.
func isHome(a address) bool {
	return strings.HasPrefix(a.ip, "198.18.") || strings.HasPrefix(a.ip, "2001:db8:1:")
}

func isOffice(a address) bool { return strings.HasPrefix(a.ip, "203.0.113.") }

// shared is one of four addresses of a service in a city, in a block of 256.
func shared(block int, p *place, n int) address {
	return address{fmt.Sprintf("198.19.%d.%d", block, (p.index*4+n%4)&255), p}
}

// vpnAddress is an exit of a commercial VPN in a city, relayAddress one of a privacy relay, torAddress one of the
// anonymity network, proxyNode a node of a cloud security proxy.
func vpnAddress(c chance, p *place) address   { return shared(vpnBlock, p, c.IntN(4)) }
func relayAddress(c chance, p *place) address { return shared(relayBlock, p, c.IntN(4)) }
func torAddress(c chance, p *place) address   { return shared(torBlock, p, c.IntN(4)) }
func proxyNode(p *place, n int) address       { return shared(proxyBlock, p, n) }

// airlineAddress is an aircraft's network, located where its ground station is.
func airlineAddress(c chance, p *place) address { return shared(airlineBlock, p, c.IntN(4)) }

// cloudAddress is the machine of an integration in a region of a cloud.
func cloudAddress(n int, p *place) address { return shared(cloudBlock, p, n) }

// badAddress is a machine that lists of known attackers name.
func badAddress(c chance, p *place) address { return shared(badBlock, p, c.IntN(4)) }

// mobileAddress is one of a carrier's shared addresses in a city.
func mobileAddress(c chance, p *place) address {
	return address{fmt.Sprintf("198.19.%d.%d", p.index, c.between(1, 254)), p}
}

// hotelAddress is a guest network in a city; also the line of somebody outside the organisation.
func hotelAddress(c chance, p *place) address {
	return address{fmt.Sprintf("198.19.%d.%d", 64+p.index, c.between(1, 254)), p}
}

// hostedAddress is a rented machine, as attackers use.
func hostedAddress(c chance, p *place) address {
	switch c.IntN(3) {
	case 0:
		return address{fmt.Sprintf("198.51.100.%d", c.between(1, 120)), p}
	case 1:
		return address{fmt.Sprintf("2001:db8:f:%x::%x", c.IntN(1<<16), c.between(1, 1<<15)), p}
	}
	return address{fmt.Sprintf("192.0.2.%d", c.between(1, 254)), p}
}

// proxyAddress is a stranger's line in a city, as sold to attackers who want to look local.
func proxyAddress(c chance, p *place) address {
	return address{fmt.Sprintf("198.19.%d.%d", 128+p.index, c.between(1, 254)), p}
}

// serverAddress is the machine on which an integration runs.
func serverAddress(n int, p *place) address {
	return address{fmt.Sprintf("198.51.100.%d", 128+n%120), p}
}

// docusignAddress is a server of DocuSign's, which real records carry in place of the user's address now and then.
func docusignAddress(p *place) address { return address{"162.248.186.11", p} }
