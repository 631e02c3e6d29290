package ingest

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// said is a range of the operator of the tests' tenant.
func said(prefix string, from, to time.Time, o intelligence.Override) intelligence.Range {
	return intelligence.Range{Tenant: origin.Tenant, Source: intelligence.OperatorSource, Prefix: netip.MustParsePrefix(prefix), From: from, To: to, Override: o}
}

var dublin = intelligence.Override{Country: "IE", CountryName: "Ireland", City: "Dublin", HasCoordinates: true, Latitude: 53.35, Longitude: -6.26, RadiusKM: 20}

// TestPlaces: the narrowest range that says it counts, of the place and of the network, in its span of time, and what was said stays readable.
func TestPlaces(t *testing.T) {
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	record := event.Place{Kind: event.PlaceUser, Country: "DE", CountryName: "Germany", Region: "Hesse", City: "Frankfurt", Latitude: 50.1, Longitude: 8.7, AccuracyKM: 5, LocatedBy: "db", NetworkBy: "asn"}
	ranges := []intelligence.Range{
		said("10.0.0.0/8", time.Time{}, time.Time{}, dublin),
		said("10.1.0.0/16", time.Time{}, time.Time{}, intelligence.Override{ISP: "Contoso", ASN: 64500}),
		said("10.1.1.0/24", at, at.AddDate(0, 1, 0), intelligence.Override{Country: "DE", CountryName: "Germany"}),
		said("10.1.2.0/24", time.Time{}, time.Time{}, intelligence.Override{Country: "DE", CountryName: "Germany", City: "Berlin"}),
		said("10.1.3.0/24", time.Time{}, time.Time{}, intelligence.Override{}),
	}
	p := newPlaces(intelligence.Placements(ranges))
	inDublin := event.Place{Kind: event.PlaceUser, Country: "IE", CountryName: "Ireland", City: "Dublin", Latitude: 53.35, Longitude: -6.26, AccuracyKM: 20, LocatedBy: ranges[0].LocatedBy(), NetworkBy: "asn"}
	contoso := func(p event.Place) event.Place { p.NetworkBy = ranges[1].NetworkBy(); return p }
	confirmed := contoso(record)
	confirmed.LocatedBy = ranges[2].LocatedBy()
	server := inDublin
	server.Kind = event.PlaceServer
	for name, c := range map[string]struct {
		ip, tenant string
		at         time.Time
		kind       string
		place      event.Place
		isp        string
		asn        uint32
		moved      bool
	}{
		"another address":             {"192.0.2.1", "t", at, "user", record, "Old", 1, false},
		"another tenant":              {"10.2.0.1", "other", at, "user", record, "Old", 1, false},
		"the wide range":              {"10.2.0.1", "t", at, "user", inDublin, "Old", 1, true},
		"of a server":                 {"10.2.0.1", "t", at, "server", server, "Old", 1, true},
		"place and network of two":    {"10.1.9.1", "t", at, "user", contoso(inDublin), "Contoso", 64500, true},
		"the country alone confirms":  {"10.1.1.1", "t", at, "user", confirmed, "Contoso", 64500, true},
		"before the span":             {"10.1.1.1", "t", at.Add(-time.Nanosecond * 100), "user", contoso(inDublin), "Contoso", 64500, true},
		"after the span":              {"10.1.1.1", "t", at.AddDate(0, 1, 0), "user", contoso(inDublin), "Contoso", 64500, true},
		"another city, nowhere exact": {"10.1.2.1", "t", at, "user", contoso(event.Place{Kind: event.PlaceUnknown, Country: "DE", CountryName: "Germany", City: "Berlin", LocatedBy: ranges[3].LocatedBy()}), "Contoso", 64500, true},
		"a range that says nothing":   {"10.1.3.1", "t", at, "user", contoso(inDublin), "Contoso", 64500, true},
	} {
		was := record
		was.Kind = c.kind
		e := event.Event{Tenant: c.tenant, IP: netip.MustParseAddr(c.ip), Time: c.at, Place: was, ASN: 1, ASOrganization: "Old"}
		p.put(&e)
		if diff := cmp.Diff(c.place, e.Place); diff != "" || e.ASOrganization != c.isp || e.ASN != c.asn || (e.Geo != nil) != c.moved {
			t.Errorf("%s: by %s %d, geo %+v (-want +got):\n%s", name, e.ASOrganization, e.ASN, e.Geo, diff)
		} else if c.moved && *e.Geo != (event.Geo{Place: was, ASN: 1, ASOrganization: "Old"}) {
			t.Errorf("%s: what was said is %+v", name, e.Geo)
		}
	}
}

// TestPlacesChangeBetweenCommits: what is on its way when the places change lies where they said before, and Place returns after it is stored; what comes
// then lies where they say now.
func TestPlacesChangeBetweenCommits(t *testing.T) {
	store, goOn := stopped()
	p := newTestPipeline(t, store, nil)
	record := func(id string) []event.Submission {
		return []event.Submission{{JSON: []byte(`{"timestamp":"2024-06-30T07:08:06Z","eventId":"` + id + `","ipAddress":"10.1.1.1"}`)}}
	}
	stored := make(chan error, 1)
	go func() {
		_, err := p.Ingest(context.Background(), origin, record("before"))
		stored <- err
	}()
	for rows, waiting := 0, 0; rows != 1 || waiting != 0; { // until the writer has it
		rows, _ = p.writer.queue.size()
		p.writer.queue.mu.Lock()
		waiting = len(p.writer.queue.waiting)
		p.writer.queue.mu.Unlock()
	}
	for store.count("known") == 0 && store.count("last_sequence") == 0 && len(p.writer.placing) == 0 {
		time.Sleep(time.Millisecond)
	}
	placements := intelligence.Placements([]intelligence.Range{said("10.0.0.0/8", time.Time{}, time.Time{}, dublin)})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Place(gone, placements); !errors.Is(err, context.Canceled) {
		t.Errorf("while a commit is on its way: %v", err)
	}
	placed := make(chan error, 1)
	go func() { placed <- p.Place(context.Background(), placements) }()
	goOn()
	if err := errors.Join(<-stored, <-placed); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ingest(context.Background(), origin, record("after")); err != nil {
		t.Fatal(err)
	}
	closeNow(t, p)
	for id, want := range map[string]string{"before": "", "after": "IE"} {
		rows := store.rows[identity{origin.Tenant, id}]
		if len(rows) != 1 || rows[0].Place.Country != want {
			t.Errorf("%s: %+v, expected one in %q", id, rows, want)
		}
	}
}
