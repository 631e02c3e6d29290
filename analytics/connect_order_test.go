package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// TestConnectInAnyOrder: acts of which Monitor, one configuration of Connect or two tell, at times that differ, give the same alerts
// whichever record comes first.
func TestConnectInAnyOrder(t *testing.T) {
	for _, id := range []string{"envelope_voids", "envelope_corrections", "recipient_declines", "recipient_authentication", "template_changes"} {
		t.Run(id, func(t *testing.T) { anyOrder(t, id, 2, func(r *rand.Rand) []event.Event { return toldTwice(r, id) }) })
	}
}

// toldTwice is a history of bursts and of daily work over ten weeks.
func toldTwice(r *rand.Rand, id string) []event.Event {
	kind := map[string]struct{ activity, object, action string }{
		"envelope_voids":           {"void", "envelope", "voided"},
		"envelope_corrections":     {"correct", "envelope", "corrected"},
		"recipient_declines":       {"decline", "recipient", "declined"},
		"recipient_authentication": {"recipient_authentication", "recipient", "authenticationfailed"},
		"template_changes":         {"update", "template", "modified"},
	}[id]
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	var all []event.Event
	add := func(user string, at time.Time, thing, teller string) {
		e := event.Event{Tenant: "default", Source: "monitor/main", ID: fmt.Sprintf("%s-%04d", thing, len(all)), Time: at, Arrival: at, UserID: user, UserEmail: user + "@example.com", AccountID: "acme",
			Activity: kind.activity, Object: kind.object, Action: kind.action, EnvelopeID: thing, Raw: "{}"}
		e.Data = fmt.Sprintf(`{"TemplateId":%q,"RecipientEmail":"r%d@example.net","ConfigurationId":%q,"SenderEmail":"%s@example.com"}`, thing, len(thing)%2, teller, user)
		if teller != "monitor" {
			e.Source, e.Channel = "connect/"+teller, "Connect"
		}
		if kind.object == "template" {
			e.Activity = []string{"create", "update", "update", "delete"}[(len(all)+r.IntN(2))%4]
		}
		if kind.object == "recipient" {
			e.AffectedUserID, e.UserID, e.UserEmail = user, "", ""
		}
		all = append(all, e)
	}
	for user := range 2 {
		name := fmt.Sprint("user", user)
		for range 25 {
			at := start.Add(time.Duration(r.IntN(70*24*4)) * 15 * time.Minute)
			for i := range 1 + r.IntN(12) {
				// few things, so that they come again, and coarse times, so that ties and chains are common
				thing := fmt.Sprintf("e%d-%d", user, r.IntN(60))
				act := at.Add(time.Duration(i) * time.Duration(1+r.IntN(12)) * time.Minute)
				for _, teller := range [][]string{{"monitor"}, {"a"}, {"monitor", "a"}, {"a", "b"}}[r.IntN(4)] {
					who := name
					if id == "envelope_voids" && teller == "monitor" && len(all)%3 == 0 {
						who = "user0" // an administrator, also of the other's envelopes
					}
					add(who, act.Add(time.Duration(r.IntN(4))*5*time.Minute), thing, teller)
				}
			}
		}
	}
	return all
}
