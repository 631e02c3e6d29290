package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestUnusualImpersonationInAnyOrder(t *testing.T) {
	anyOrder(t, "unusual_impersonation", 2, func(r *rand.Rand) []event.Event {
		start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		var all []event.Event
		add := func(key, user string, at time.Time, asn uint32) {
			all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("e%04d", len(all)), Time: at, Arrival: at, UserID: user, IntegrationKey: key,
				Activity: []string{"send", "download", "view"}[r.IntN(3)], ASN: asn, ASOrganization: fmt.Sprint("Network ", asn), IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
		}
		for d := range 25 {
			day := start.AddDate(0, 0, d)
			for n := range 3 + r.IntN(4) {
				// coarse times, so that ties are common
				at := day.Add(time.Duration(8+r.IntN(4)) * time.Hour)
				add([]string{"job", "app"}[n%2], fmt.Sprint("user-", r.IntN(4)), at, 64500+uint32(r.IntN(2)))
			}
			if r.IntN(4) == 0 {
				add("app", fmt.Sprint("user-", r.IntN(4)), day.Add(time.Duration(r.IntN(24))*time.Hour), 64510+uint32(r.IntN(3)))
			}
		}
		for u := range 14 {
			add("job", fmt.Sprint("victim-", u), start.AddDate(0, 0, 17).Add(time.Duration(r.IntN(40))*time.Hour/2), 64500)
		}
		return all
	})
}

// TestSlowFanOut: who lets a key act for a tenth more people each day is seen, because what is usual is the median of
// four weeks.
func TestSlowFanOut(t *testing.T) {
	w := newWorld(t, "unusual_impersonation", nil)
	start := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	var all []event.Event
	add := func(user string, at time.Time) {
		all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("e%05d", len(all)), Time: at, Arrival: at, UserID: user, IntegrationKey: "app",
			Activity: "send", ASN: 64500, IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
	}
	for d := range 10 {
		add("ann", start.AddDate(0, 0, d))
	}
	n, begin := 2.0, start.AddDate(0, 0, 10)
	for d := range 40 {
		for k := range int(n) {
			add(fmt.Sprint("victim-", d, "-", k), begin.AddDate(0, 0, d).Add(time.Duration(k)*time.Minute))
		}
		n *= 1.1
	}
	w.add(all...)
	w.drain()
	for _, a := range w.standing() {
		if len(a.SuppressedBy) == 0 && a.Severity == "high" {
			t.Logf("seen on day %d: %s", int(a.Anchor.Sub(begin).Hours()/24), a.Title)
			return
		}
	}
	t.Error("nobody saw the slow increase")
}
