package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestFailedLoginsAnyOrder(t *testing.T) {
	anyOrder(t, "failed_logins", 2, sprayedHistory)
}

// sprayedHistory has failures of few users at few addresses within hours, so that guessing, sprays, distributed sprays and
// what hides in them come and go as events arrive.
func sprayedHistory(r *rand.Rand) []event.Event {
	var all []event.Event
	start := time.Date(2026, 5, 4, 20, 0, 0, 0, time.UTC)
	add := func(at time.Time, user, address int, activity string) {
		e := event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("e%04d", len(all)), Time: at, Arrival: at, UserID: fmt.Sprint("user-", user), Activity: activity,
			IPAddress: fmt.Sprint("192.0.2.", address), Data: "{}", Raw: "{}"}
		if user == 0 {
			e.UserID = ""
		}
		all = append(all, e)
	}
	for day := range 5 { // habits
		for user := 1; user < 4; user++ {
			add(start.Add(time.Duration(24*(day-6))*time.Hour), user, user, "logon")
			for range r.IntN(4) {
				add(start.Add(time.Duration(24*(day-6))*time.Hour-time.Minute), user, user, "failed_logon")
			}
		}
	}
	for range 5 { // waves
		at := start.Add(time.Duration(r.IntN(9*6)) * 10 * time.Minute)
		address, many := 1+r.IntN(3), r.IntN(2) == 0
		for range 12 + r.IntN(25) {
			if many {
				address = 10 + r.IntN(7)
			}
			add(at.Add(time.Duration(r.IntN(12))*time.Minute), r.IntN(12), address, "failed_logon")
		}
		for range r.IntN(6) {
			add(at.Add(time.Duration(r.IntN(90)-30)*time.Minute), 1+r.IntN(11), address, "logon")
		}
	}
	return all
}
