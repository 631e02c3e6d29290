package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestSessionAnomalyAnyOrder(t *testing.T) {
	anyOrder(t, "session_anomaly", 2, strangeSessions)
}

// strangeSessions has users whose networks and devices become familiar as days pass, with ties in time.
func strangeSessions(r *rand.Rand) []event.Event {
	var all []event.Event
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for user := range 3 {
		for i := range 90 {
			at := start.Add(time.Duration(r.IntN(10*24*2)) * 30 * time.Minute)
			network, device := 0, 0
			if r.IntN(4) == 0 {
				network, device = r.IntN(5), r.IntN(3)
			}
			for k := range 1 + r.IntN(3) {
				all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%02d-%d", user, i, k), Time: at.Add(time.Duration(k) * time.Minute), Arrival: at,
					UserID: fmt.Sprint("user-", user), Activity: []string{"logon", "download", "view", "send", "user_management"}[r.IntN(5)], Administrative: r.IntN(9) == 0,
					IPAddress: fmt.Sprintf("192.0.%d.%d", network, r.IntN(9)), ASN: uint32(64500 + network), Browser: fmt.Sprintf("Chrome %d", 120+r.IntN(5)),
					OS: []string{"Windows 10", "Mac OS X 10", "Linux"}[device], Data: "{}", Raw: "{}", Place: event.Place{Kind: event.PlaceUser, Latitude: 52, Longitude: 5}})
			}
		}
	}
	return all
}
