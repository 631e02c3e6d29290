package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestInfrequentCountryAnyOrder(t *testing.T) {
	anyOrder(t, "infrequent_country", 2, journeys)
}

// journeys is a company in three countries whose people are at home mostly, and now and then somewhere else, over a time
// longer than the baseline.
func journeys(r *rand.Rand) []event.Event {
	places := []event.Place{
		{Kind: event.PlaceUser, Country: "NL", City: "Amsterdam", Latitude: 52.37, Longitude: 4.9}, {Kind: event.PlaceUser, Country: "DK", City: "Copenhagen", Latitude: 55.68, Longitude: 12.57},
		{Kind: event.PlaceUser, Country: "US", City: "New York", Latitude: 40.71, Longitude: -74.01}, {Kind: event.PlaceUser, Country: "GH", City: "Accra", Latitude: 5.6, Longitude: -0.19},
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []event.Event
	for user := range 5 {
		joined := []int{0, 0, 20, 50, 100}[user]
		for day := joined; day < 130; day++ {
			if r.IntN(4) > 0 {
				continue
			}
			for i := range 1 + r.IntN(2) {
				p := places[user%2]
				if r.IntN(8) == 0 {
					p = places[r.IntN(len(places))]
				}
				at := start.Add(time.Duration(day*24+r.IntN(24)) * time.Hour)
				all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%03d-%d", user, day, i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", user),
					Activity: []string{"logon", "download", "failed_logon"}[r.IntN(3)], IPAddress: fmt.Sprint("192.0.2.", r.IntN(40)), Browser: fmt.Sprint("Chrome ", r.IntN(2)), OS: "Windows 10",
					ASN: uint32(r.IntN(3)), Place: p, Data: "{}", Raw: "{}"})
			}
		}
	}
	return all
}
