package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func docusignAlert(id, user string, at time.Time, named ...string) event.Event {
	return event.Event{Tenant: "default", Source: "test", ID: id, Time: at, Arrival: at, UserID: user, Object: "Alert", Action: "TooManyEnvelopesDeleted",
		Activity: event.ActivityDocuSignAlert, AlertEventIDs: named, AlertSeverity: "Low", Data: "{}", Raw: "{}"}
}

func TestDocuSignAlertInAnyOrder(t *testing.T) {
	anyOrder(t, "docusign_alert", 2, func(r *rand.Rand) []event.Event {
		var all []event.Event
		for i := range 150 {
			e := docusignAlert(fmt.Sprint("a", i), []string{"", "ann", "bob"}[r.IntN(3)], time.Date(2026, 5, 1, r.IntN(20), 0, 0, 0, time.UTC), fmt.Sprint("e", i))
			e.IPAddress, e.AccountID = []string{"", "192.0.2.1"}[r.IntN(2)], "acme"
			all = append(all, e)
		}
		return all
	})
}

// TestDocuSignAlertNamesItsEvents: a hundred ids at most, the alert's own among them, and the number of all.
func TestDocuSignAlertNamesItsEvents(t *testing.T) {
	w := newWorld(t, "docusign_alert", nil)
	var named []string
	for i := range 130 {
		named = append(named, fmt.Sprintf("e%03d", i))
	}
	at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	w.add(docusignAlert("few", "ann", at, "e2", "e1"), docusignAlert("many", "ann", at.Add(time.Hour), named...))
	w.drain()
	got := w.standing()
	if len(got) != 2 || !slices.Equal(got[0].EventIDs, []string{"e2", "e1", "few"}) {
		t.Fatalf("got %+v", got)
	}
	if ids := got[1].EventIDs; len(ids) != 100 || ids[0] != "e000" || ids[99] != "many" || got[1].EventCount != 131 {
		t.Errorf("%d ids of %d events, the last is %s", len(ids), got[1].EventCount, ids[len(ids)-1])
	}
}
