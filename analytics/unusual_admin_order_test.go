package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestUnusualAdminAnyOrder(t *testing.T) {
	anyOrder(t, "unusual_admin", 2, administrations)
}

// administrations is the work of five administrators over a time longer than the baseline, with bursts, with the steps of
// sequences by chance, and with somebody who begins late.
func administrations(r *rand.Rand) []event.Event {
	kinds := []struct{ activity, object, action string }{
		{"user_management", "User", "Updated"}, {"user_management", "Account", "UserAdded"}, {"permission", "User", "AdministratorAdded"}, {"settings", "Account", "AuthenticationRequirementDisabled"},
		{"export", "Account", "ExportUsers"}, {"connect", "ConnectConfiguration", "Created"}, {"group_management", "Group", "Deleted"},
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []event.Event
	for user := range 5 {
		for i := range 9 {
			// coarse times, so that ties and midnights are common
			at := start.Add(time.Duration(r.IntN((110-20*user)*24)+20*user*24) * time.Hour)
			n := 1 + r.IntN(3)
			if r.IntN(8) == 0 {
				n = 12 + r.IntN(20)
			}
			k := kinds[r.IntN(len(kinds))]
			for j := range n {
				if r.IntN(3) == 0 {
					k = kinds[r.IntN(len(kinds))]
				}
				all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%02d-%02d", user, i, j), Time: at.Add(time.Duration(j*r.IntN(20)) * time.Minute), Arrival: at,
					UserID: fmt.Sprint("user-", user), UserEmail: []string{"", fmt.Sprintf("user%d@example.com", user)}[r.IntN(2)], Activity: k.activity, Object: k.object, Action: k.action, Administrative: true,
					AffectedUserID: fmt.Sprint("user-", r.IntN(9)), IPAddress: fmt.Sprint("192.0.2.", r.IntN(9)), Data: "{}", Raw: "{}"})
			}
		}
	}
	return all
}
