package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/event"
)

func TestImpossibleTravelAnyOrder(t *testing.T) {
	anyOrder(t, "impossible_travel", 2, gateways)
}

// gateways is a company of two cities, some of whose people also come from a network abroad that is a gateway for some and
// new for others, with phones that jump.
func gateways(r *rand.Rand) []event.Event {
	type line struct {
		place event.Place
		asn   uint32
		net   int
	}
	home := []line{
		{event.Place{Kind: event.PlaceUser, Country: "NL", City: "Amsterdam", Latitude: 52.37, Longitude: 4.9}, 64500, 0},
		{event.Place{Kind: event.PlaceUser, Country: "US", City: "Boston", Latitude: 42.36, Longitude: -71.06}, 64501, 50},
	}
	gateway := line{event.Place{Kind: event.PlaceUser, Country: "SG", City: "Singapore", Latitude: 1.35, Longitude: 103.82}, 64502, 100}
	carrier := line{event.Place{Kind: event.PlaceUser, Country: "US", City: "Seattle", Latitude: 47.6, Longitude: -122.33}, 64503, 150}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var all []event.Event
	for user := range 6 {
		for day := range 40 {
			if r.IntN(3) == 0 {
				continue
			}
			for i := range 1 + r.IntN(3) {
				from, device := home[user%2], ""
				switch n := r.IntN(6); {
				case n == 0 && (user < 4 || day > 30):
					from = gateway
				case n == 1 && user%2 == 1:
					from, device = carrier, "mobile"
				}
				at := start.Add(time.Duration(day*24*60+r.IntN(24*60)) * time.Minute)
				address := fmt.Sprint("192.0.2.", from.net+r.IntN(40))
				all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%02d-%d", user, day, i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", user),
					Activity: []string{"logon", "download", "logon", "failed_logon"}[r.IntN(4)], IPAddress: address, IP: netip.MustParseAddr(address), DeviceType: device,
					Browser: fmt.Sprint("Chrome ", 120+r.IntN(2)), OS: "Windows 10" + device, ASN: from.asn, Place: from.place, Data: "{}", Raw: "{}"})
			}
		}
	}
	return all
}

// TestLandBorders reads the pairs of the rule by countries: each once, the lower code first, so that both directions are one.
func TestLandBorders(t *testing.T) {
	text, err := detections.Files.ReadFile("impossible_travel/query.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "has(splitByChar(' ', concat(")
	list, _, _ = strings.Cut(list, "))")
	pairs := regexp.MustCompile(`[A-Z]{2}-[A-Z]{2}`).FindAllString(list, -1)
	if rest := regexp.MustCompile(`[A-Z]{2}-[A-Z]{2}|[', \n]`).ReplaceAllString(list, ""); rest != "" || len(pairs) < 300 {
		t.Fatalf("%d pairs, and %q", len(pairs), rest)
	}
	neighbours := map[string][]string{}
	for i, p := range pairs {
		a, b, _ := strings.Cut(p, "-")
		if a >= b || i > 0 && pairs[i-1] >= p {
			t.Errorf("%s: expected the lower code first, and pairs in order, each once", p)
		}
		neighbours[a], neighbours[b] = append(neighbours[a], b), append(neighbours[b], a)
	}
	for country, want := range map[string]string{
		"DE": "AT BE CH CZ DK FR LU NL PL", "PT": "ES", "MN": "CN RU", "ZM": "AO BW CD MW MZ NA TZ ZW", "US": "CA MX", "LS": "ZA", "IE": "GB", "KR": "KP", "JP": "", "AU": "",
		"CH": "AT DE FR IT LI", "AF": "CN IR PK TJ TM UZ", "TH": "KH LA MM MY", "UA": "BY HU MD PL RO RU SK",
	} {
		slices.Sort(neighbours[country])
		if got := strings.Join(neighbours[country], " "); got != want {
			t.Errorf("%s: found %q, expected %q", country, got, want)
		}
	}
	// a line that lost the space at its end would have lost a pair
	if strings.Count(list, "-") != len(pairs) {
		t.Errorf("%d hyphens, %d pairs", strings.Count(list, "-"), len(pairs))
	}
}

// TestAllowedValues says of a value that is none of the list what the list is.
func TestAllowedValues(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{"low": "", "Low": `"Low": expected low, medium, high`, "": `"": expected low, medium, high`} {
		_, err := analytics.Tune(definitions, map[string]analytics.Tuning{"impossible_travel": {Parameters: map[string]string{"sensitivity": value}}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", value, err, want)
		}
	}
}
