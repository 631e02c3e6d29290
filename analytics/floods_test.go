package analytics_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

var floodBegins = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func flooding(id, user, address, activity string, at time.Time) event.Event {
	e := event.Event{Source: "test", ID: id, Time: at, Arrival: at, UserID: user, IPAddress: address, Activity: activity, Browser: "Chrome 140", OS: "Windows 10", Object: "Envelope", Action: "CustodyTransferred", Data: "{}", Raw: "{}"}
	e.IP = netip.MustParseAddr(address)
	return e
}

// TestFloods: what one attacker can do in hours is evaluated within the memory that a query has.
func TestFloods(t *testing.T) {
	for detection, flood := range map[string]func() []event.Event{
		"suspicious_ip": func() (all []event.Event) {
			for i := range 50_000 {
				all = append(all, flooding(fmt.Sprintf("f%06d", i), fmt.Sprint("victim-", i%500), "198.51.100.9", "failed_logon", floodBegins.Add(time.Duration(i)*100*time.Millisecond)))
			}
			for i := range 500 {
				all = append(all, flooding(fmt.Sprintf("a%06d", i), "taken", "198.51.100.9", "download", floodBegins.Add(6*time.Hour).Add(time.Duration(i)*time.Second)))
			}
			return all
		},
		"control_change": func() (all []event.Event) {
			for i := range 240 {
				e := flooding(fmt.Sprintf("h%06d", i), "mallory", fmt.Sprint("192.0.2.", i%4), "update", floodBegins.AddDate(0, 0, -60).Add(time.Duration(i)*6*time.Hour))
				e.Action = "Updated"
				all = append(all, e)
			}
			for i := range 50_000 {
				all = append(all, flooding(fmt.Sprintf("f%06d", i), "mallory", "198.51.100.9", "update", floodBegins.Add(time.Duration(i)*200*time.Millisecond)))
			}
			return all
		},
	} {
		t.Run(detection, func(t *testing.T) {
			w := newWorld(t, detection, nil)
			w.add(flood()...)
			w.drain()
			if got := w.standing(); len(got) != 1 || got[0].Severity != "high" {
				t.Errorf("%d findings, expected one that is high: %+v", len(got), got)
			}
		})
	}
}

// TestAFloodOfAddressesNamesFew: of ten thousand addresses that fail twice each none can have a finding, so none is
// evaluated; the user whom they fail is.
func TestAFloodOfAddressesNamesFew(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	var all []event.Event
	changed := map[string][]string{"user": {"victim"}}
	for i := range 20_000 {
		address := fmt.Sprintf("198.51.%d.%d", i%10_000/100, i%100)
		all = append(all, flooding(fmt.Sprintf("f%06d", i), "victim", address, "failed_logon", floodBegins.Add(time.Duration(i)*200*time.Millisecond)))
		if i < 10_000 {
			changed["address"] = append(changed["address"], address)
		}
	}
	w.add(all...)
	d := &w.tuned[0]
	var arguments []clickhouse.Argument
	for _, p := range d.Parameters {
		arguments = append(arguments, clickhouse.Argument{Name: p.Name, Type: p.Type, Value: d.Values[p.Name]})
	}
	got, err := w.db.Affected(t.Context(), d.ID, d.Affected, w.tenant, changed, all[0].Time, all[len(all)-1].Time, w.now, arguments)
	if err != nil || len(got) != 1 || got[0].Subject != (clickhouse.Subject{Type: "user", ID: "victim"}) {
		t.Errorf("named are %+v, %v; expected the user alone", got, err)
	}
	w.drain()
	if got := w.standing(); len(got) != 1 || got[0].EventCount != 20_000 {
		t.Errorf("%d findings, expected one with all failures", len(got))
	}
}
