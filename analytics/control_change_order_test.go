package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestControlChangeAnyOrder(t *testing.T) {
	anyOrder(t, "control_change", 2, controls)
}

// controls is work of three administrators, in part on controls, over a time longer than the baseline.
func controls(r *rand.Rand) []event.Event {
	kinds := []struct{ activity, object, action string }{
		{"connect", "ConnectConfiguration", "Updated"}, {"permission", "PermissionProfile", "Updated"}, {"permission", "PermissionProfile", "Deleted"},
		{"create", "Delegation", "Created"}, {"create", "Envelope", "Created"}, {"user_management", "User", "Updated"},
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []event.Event
	for user := range 3 {
		for i := range 60 {
			k := kinds[r.IntN(len(kinds))]
			// coarse times, so that ties and chains are common
			at := start.Add(time.Duration(r.IntN(20)*24*5+r.IntN(8))*time.Hour + time.Duration(r.IntN(3)*30)*time.Minute)
			all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%02d", user, i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", user),
				Activity: k.activity, Object: k.object, Action: k.action, IPAddress: fmt.Sprint("192.0.2.", r.IntN(3)), Browser: fmt.Sprint("Chrome ", r.IntN(2)), OS: "Windows 10", Data: "{}", Raw: "{}"})
		}
	}
	return all
}
