package policy

import (
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/countries"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// knownCountries are the codes and names of countries.
var knownCountries = sync.OnceValues(countries.New)

// regions are codes that stand in the place of a country's where a database of addresses knows no more.
var regions = map[string]string{"EU": "Europe", "AP": "Asia and the Pacific"}

// doubtfulCountry says what is doubted of a country that events may have and that is none; empty for one.
func doubtfulCountry(value string) string {
	code := strings.ToUpper(value)
	if region, ok := regions[code]; ok {
		return code + " is no country: events have it where an address is known to be in " + region + " and no more"
	}
	if noCountry(value) != "" {
		return "there is no country " + quoted(value) + "; expected " + noCountry(value)
	}
	return ""
}

// noCountry says what is expected instead of a value that is the code of no country; empty when it is one.
func noCountry(value string) string {
	table, err := knownCountries()
	if err != nil || table.Name(strings.ToUpper(value)) != "" || regions[strings.ToUpper(value)] != "" {
		return "" // the table that comes along can be read
	}
	const expected = "an ISO 3166-1 code such as DE"
	if code := table.Code(value); code != "" {
		return expected + "; did you mean " + code + "?"
	}
	return expected
}

// cities are zones that people are most often in; the database of zones cannot be listed everywhere.
var cities = []string{"UTC", "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Dublin", "Europe/Madrid", "Europe/Lisbon", "Europe/Rome", "Europe/Vienna", "Europe/Zurich", "Europe/Amsterdam", "Europe/Brussels",
	"Europe/Luxembourg", "Europe/Copenhagen", "Europe/Stockholm", "Europe/Oslo", "Europe/Helsinki", "Europe/Warsaw", "Europe/Prague", "Europe/Budapest", "Europe/Bucharest", "Europe/Athens", "Europe/Istanbul", "Europe/Kyiv",
	"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Toronto", "America/Vancouver", "America/Mexico_City", "America/Bogota", "America/Lima",
	"America/Santiago", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Asia/Dubai", "Asia/Jerusalem", "Asia/Riyadh", "Asia/Karachi",
	"Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Jakarta", "Asia/Singapore", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Manila", "Asia/Taipei", "Asia/Seoul", "Asia/Tokyo", "Australia/Perth", "Australia/Brisbane",
	"Australia/Sydney", "Australia/Melbourne", "Pacific/Auckland"}

// noZone says what is expected instead of a time zone that there is not; empty when there is one.
func noZone(name string) string {
	if _, err := time.LoadLocation(name); err == nil && name != "Local" {
		return ""
	}
	const expected = "a name of the IANA database such as Europe/Berlin"
	for _, zone := range cities { // the city alone, as people say it
		if _, city, _ := strings.Cut(zone, "/"); strings.EqualFold(strings.ReplaceAll(name, " ", "_"), city) {
			return expected + "; did you mean " + zone + "?"
		}
	}
	return expected + spelling.Hint(name, cities)
}
