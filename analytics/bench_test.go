package analytics_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// The organisation of the benchmarks: a thousand users with ten events a day each, so that ten times the events are ten
// times the days.
const (
	benchUsers = 1000
	benchDay   = 10_000
)

var benchEnd = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// benchEvent is the i-th of n events, the last of them at benchEnd.
func benchEvent(i, n int, busy bool) event.Event {
	return benchEventOf(busy, i%benchUsers, i/benchUsers, fmt.Sprintf("%012d", i), benchEnd.Add(-time.Duration(n-i)*(24*time.Hour/benchDay)))
}

// benchExits are the addresses of a VPN that a few use.
var benchExits = netip.MustParsePrefix("203.0.113.0/28")

// benchEventOf is the k-th event of a user: log-ons, downloads, envelopes, failures, administration, and applications,
// everybody from a home and an office. Of a busy organisation, a fifth travels for three days every three months, one in fifty uses a VPN on one
// day in thirty, everybody has a bad morning with passwords once a year, and administrators a busy day in a hundred.
func benchEventOf(busy bool, user, k int, id string, at time.Time) event.Event {
	e := event.Event{Source: "bench", ID: id, Time: at, Arrival: at, UserID: fmt.Sprintf("user-%04d", user), UserEmail: fmt.Sprintf("user-%04d@example.com", user),
		Activity: "logon", Result: "Success", Browser: fmt.Sprint("Chrome ", 120+user%3), OS: "Windows 10", DeviceType: "desktop", Data: "{}", Raw: "{}",
		ASN: uint32(64500 + user%20), ASOrganization: fmt.Sprint("Net ", user%20),
		Place: event.Place{Kind: event.PlaceUser, Country: "NL", CountryName: "Netherlands", City: "Amsterdam", Latitude: 52.37, Longitude: 4.9, AccuracyKM: 20}}
	e.IPAddress = fmt.Sprintf("10.%d.%d.%d", k%2, user/250, user%250+1)
	day := k / 10
	switch {
	case !busy:
	case user%5 == 0 && (day+user)%90 < 3:
		there := (user + day/90) % len(benchJourneys)
		e.Place, e.ASN, e.ASOrganization = benchJourneys[there], uint32(64600+there), fmt.Sprint("Hotel ", there)
		e.IPAddress = fmt.Sprintf("198.51.100.%d", user/5%200)
	case user%50 == 7 && (day+user)%30 == 0:
		e.IPAddress = fmt.Sprintf("203.0.113.%d", user%16)
		e.ASN, e.ASOrganization, e.Place = 64700, "Exit", benchJourneys[3]
	}
	e.IP = netip.MustParseAddr(e.IPAddress)
	if journey := (day + user) % 90; busy && user%5 == 0 && (journey == 89 || journey == 2) && k%10 >= 5 {
		e.Place = event.Place{Kind: event.PlaceUnknown} // on the way
	}
	switch {
	case !busy:
	case (day+user)%365 == 0 && k%10 < 6:
		e.Activity, e.Result = "failed_logon", "Failed"
		e.Time = at.Add(-time.Duration(k%10) * 143 * time.Minute)
		e.Arrival = e.Time
		return e
	case user%50 == 0 && (day+user)%100 == 0:
		e.Activity, e.Administrative, e.Object, e.Action, e.AffectedUserID = "user_management", true, "User", "Add", fmt.Sprintf("user-%04d", k%benchUsers)
		return e
	}
	switch (user*7 + k) % 40 {
	case 0:
		e.Activity, e.Result = "failed_logon", "Failed"
	case 1:
		if user%50 > 0 { // few administer
			break
		}
		e.Activity, e.Administrative, e.Object, e.Action, e.AffectedUserID = "user_management", true, "User", "Update", fmt.Sprintf("user-%04d", (user+1)%benchUsers)
	case 2, 3:
		e.Activity, e.IntegrationKey = "send", fmt.Sprintf("00000000-0000-4000-8000-%012d", user%10)
	case 4, 5, 6, 7, 8, 9, 10:
		e.Activity = "download"
	case 11, 12, 13:
		e.Activity, e.EnvelopeID = "send", "envelope-"+id
	}
	return e
}

var benchJourneys = []event.Place{
	{Kind: event.PlaceUser, Country: "DE", CountryName: "Germany", City: "Berlin", Latitude: 52.52, Longitude: 13.4, AccuracyKM: 20},
	{Kind: event.PlaceUser, Country: "ES", CountryName: "Spain", City: "Madrid", Latitude: 40.42, Longitude: -3.7, AccuracyKM: 20},
	{Kind: event.PlaceUser, Country: "US", CountryName: "United States", City: "Chicago", Latitude: 41.88, Longitude: -87.63, AccuracyKM: 20},
	{Kind: event.PlaceUser, Country: "SE", CountryName: "Sweden", City: "Stockholm", Latitude: 59.33, Longitude: 18.07, AccuracyKM: 20},
	{Kind: event.PlaceUser, Country: "JP", CountryName: "Japan", City: "Tokyo", Latitude: 35.68, Longitude: 139.69, AccuracyKM: 20},
}

// benchWorld has n events that were analysed, as far as its checkpoints know.
func benchWorld(b *testing.B, n int, busy bool) *world {
	b.Helper()
	w := newWorld(b, "", nil)
	const batch = 100_000
	first, err := w.db.LastEventSequence(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < n; from += batch {
		events := make([]event.Event, min(batch, n-from))
		for i := range events {
			events[i] = benchEvent(from+i, n, busy)
			events[i].Tenant, events[i].Sequence = w.tenant, first+uint64(from+i+1)
		}
		if err := w.db.AppendEvents(b.Context(), fmt.Sprintf("%s-%d", w.tenant, from), events); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.db.AddRanges(b.Context(), []intelligence.Range{{Tenant: w.tenant, Source: "bench", Prefix: benchExits, Category: "vpn", Confidence: 80}}); err != nil {
		b.Fatal(err)
	}
	if err := w.db.RebuildNetworks(b.Context()); err != nil {
		b.Fatal(err)
	}
	at := clickhouse.Checkpoint{Position: first + uint64(n), Line: benchEnd, Version: 1}
	all := map[string]clickhouse.Checkpoint{"context/" + w.tenant: at, "context-passed/" + w.tenant: at}
	for _, d := range w.tuned {
		all["analysis/"+w.tenant+"/"+d.ID] = at
	}
	if err := w.db.StoreCheckpoints(b.Context(), w.tenant, all); err != nil {
		b.Fatal(err)
	}
	written.db, written.last = w.db, first+uint64(n)
	w.now = benchEnd.Add(time.Hour)
	w.restart()
	settle(b)
	return w
}

// settle waits until the engine has merged what was inserted: a history was inserted long ago, and its merges are no cost of what is measured.
func settle(b *testing.B) {
	b.Helper()
	o := testkit.Options(b)
	if o.DSN != "" {
		return // another server merges beside others
	}
	conn := testkit.Driver(b, o.Addr, "system", o.User, o.Password, 0)
	for quiet := 0; quiet < 5; time.Sleep(time.Second) {
		var merges uint64
		if err := conn.QueryRow(b.Context(), "SELECT count() FROM system.merges").Scan(&merges); err != nil {
			b.Fatal(err)
		}
		if quiet++; merges > 0 {
			quiet = 0
		}
	}
}

// BenchmarkTick is a round with twenty new events of ten users, all detections on, after a million and after ten million
// events of history. What is reported for ten million is the ratio to one million: the cost follows the new events.
func BenchmarkTick(b *testing.B) {
	var base float64
	for _, n := range []int{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := benchWorld(b, n, true)
			const fresh = 20
			round := 0
			tick := func() {
				events := make([]event.Event, fresh)
				for i := range events {
					at := benchEnd.Add(time.Duration(round*fresh+i) * 8640 * time.Millisecond)
					events[i] = benchEventOf(true, (round*fresh/2+i%(fresh/2))%benchUsers, n/benchUsers+i/(fresh/2), fmt.Sprintf("%s-%d-%d", w.tenant, round, i), at)
				}
				round++
				w.add(events...)
				if !w.runner.Behind() {
					b.Fatal("the new events are none to the analysis: a round of nothing would be measured")
				}
			}
			tick()
			w.drain() // what is planned and read for the first time is not a tick
			for b.Loop() {
				b.StopTimer()
				tick()
				b.StartTimer()
				w.drain()
			}
			each := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(1000*each, "ms/tick")
			if base == 0 {
				base = each
			} else {
				b.ReportMetric(each/base, "ratio")
			}
		})
	}
}

// BenchmarkBacktest evaluates the eight detections of the design over ten million events: of an organisation in which nothing
// happens, and of one with thousands of journeys, days behind a VPN and mornings with passwords.
func BenchmarkBacktest(b *testing.B) {
	const n = 10_000_000
	eight := []string{"anonymous_ip", "infrequent_country", "suspicious_ip", "impossible_travel", "terminated_user", "failed_logins", "unusual_admin", "unusual_impersonation"}
	for name, busy := range map[string]bool{"quiet": false, "busy": true} {
		b.Run(name, func(b *testing.B) {
			w := benchWorld(b, n, busy)
			for b.Loop() {
				err := w.backtester(0, w.db).Backtest(b.Context(), alert.BacktestRequest{Detections: eight}, func(alert.BacktestProgress) error { return nil }, func(r alert.BacktestResult) error {
					b.Logf("%s: %d alerts, %d suppressed", r.Detection, r.Alerts.Proposed, r.Suppressed.Proposed)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
