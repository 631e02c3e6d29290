package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestNoFindingIsAboutANobody holds every candidates.sql to what it promises: whom it leaves out, no finding is about,
// whatever the period that is asked for. That the case files' findings are found holds it to the rest.
func TestNoFindingIsAboutANobody(t *testing.T) {
	w := newWorld(t, "", nil)
	w.add(longHistory(rand.New(rand.NewPCG(3, 3)))...)
	promised(t, w)
}

// TestNoFindingIsAboutANobodyAtTheBounds asks the same with each number at the ends of what is allowed.
func TestNoFindingIsAboutANobodyAtTheBounds(t *testing.T) {
	w := newWorld(t, "", nil)
	w.know([]rangeCase{{Prefix: "192.0.2.0/30", Source: "feed", Category: "anonymous", Tags: []string{"tor"}}})
	w.meet([]personCase{{ID: "1", Status: "active", UserIDs: []string{"user-1"}}, {ID: "1", From: "2026-05-08T00:00:00Z", Status: "disabled", UserIDs: []string{"user-1"}}})
	w.add(mixedHistory(rand.New(rand.NewPCG(5, 3)))...)
	about := map[string]int{}
	for i := range w.tuned {
		d := &w.tuned[i]
		if d.Candidates == "" {
			continue
		}
		for k := range d.Parameters {
			p := &d.Parameters[k]
			if p.Minimum == nil || p.Maximum == nil {
				continue
			}
			for _, v := range []float64{*p.Minimum, *p.Maximum} {
				about[d.ID] += candidatesHold(t, w, d, clickhouse.Argument{Name: p.Name, Type: p.Type, Value: strconv.FormatFloat(v, 'f', -1, 64)}, 6)
			}
		}
		if about[d.ID] == 0 {
			t.Errorf("%s finds nothing in this history with any setting: it tests nothing", d.ID)
		}
	}
	t.Log("findings looked at:", about)
}

// mixedHistory has networks, devices, and programs without either, of three weeks.
func mixedHistory(r *rand.Rand) []event.Event {
	var all []event.Event
	for week := range 2 {
		for _, e := range randomHistory(r) {
			e.ID = fmt.Sprint("w", week, "-", e.ID)
			e.Time = e.Time.AddDate(0, 0, 10*week)
			e.Arrival = e.Time
			e.IP, _ = netip.ParseAddr(e.IPAddress)
			// two of the networks are rare, so that there is something new
			e.ASN = []uint32{64500, 64500, 64501, 64502, 64510 + uint32(r.IntN(9))}[r.IntN(5)]
			e.Browser, e.OS = "Chrome 126", "Windows 10"
			switch r.IntN(8) {
			case 0:
				e.Browser, e.OS = "Firefox 127", "Mac OS X 10"
			case 1, 2:
				e.Browser, e.OS, e.Channel = "", "", "API"
			case 3:
				e.Browser, e.OS = fmt.Sprint("Agent", r.IntN(9)), ""
			}
			all = append(all, e)
		}
	}
	// a network on which only programs were in the user's name, and then somebody
	for day := range 16 {
		e := event.Event{Source: "test", ID: fmt.Sprint("p", day), Time: time.Date(2026, 5, 6+day, 10, 0, 0, 0, time.UTC), UserID: "user-2", Activity: "view", Channel: "API", IPAddress: "203.0.113.9",
			IP: netip.MustParseAddr("203.0.113.9"), ASN: 64530, Data: "{}", Raw: "{}"}
		if day == 15 {
			e.Activity, e.Browser, e.OS = "export", "Opera 90", "Linux"
		}
		e.Arrival = e.Time
		all = append(all, e)
	}
	// somebody changes many templates, which he does not do
	for i := range 60 {
		e := event.Event{Source: "test", ID: fmt.Sprint("t", i), Time: time.Date(2026, 5, 20, 10, i, 0, 0, time.UTC), UserID: "user-3", Activity: "update", Object: "Template", Action: "Updated", Result: "Success",
			EnvelopeID: fmt.Sprint("template-", i), IPAddress: "198.51.100.7", IP: netip.MustParseAddr("198.51.100.7"), Data: "{}", Raw: "{}"}
		e.Arrival = e.Time
		all = append(all, e)
	}
	return all
}

// promised looks at each finding of the world's detections with no more of the past and the future than its anchor.
func promised(t *testing.T, w *world) {
	t.Helper()
	for i := range w.tuned {
		if d := &w.tuned[i]; d.Candidates != "" {
			candidatesHold(t, w, d, clickhouse.Argument{}, 0)
		}
	}
}

// candidatesHold looks at the findings of one detection with a parameter set; at most so many of them, unless it is zero.
// It returns how many it looked at.
func candidatesHold(t *testing.T, w *world, d *analytics.Detection, set clickhouse.Argument, most int) int {
	t.Helper()
	arguments := d.Arguments()
	for i := range arguments {
		if arguments[i].Name == set.Name {
			arguments[i] = set
		}
	}
	call := clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: w.tenant, From: benchEnd.AddDate(-2, 0, 0), To: benchEnd.AddDate(2, 0, 0), Arguments: arguments}
	findings, err := w.db.Findings(t.Context(), call)
	if err != nil {
		t.Fatalf("%s with %s %s: %v", d.ID, set.Name, set.Value, err)
	}
	slices.SortFunc(findings, func(a, b alert.Finding) int { return a.Anchor.Compare(b.Anchor) })
	if most > 0 && len(findings) > most {
		some := make([]alert.Finding, most)
		for i := range some {
			some[i] = findings[i*(len(findings)-1)/(most-1)]
		}
		findings = some
	}
	for _, f := range findings {
		// as the live analysis asks, and as a backtest does
		for _, subjects := range [][]string{{f.Subject.ID}, nil} {
			call.Text, call.From, call.To, call.Subjects = d.Candidates, f.Anchor, f.Anchor, subjects
			got, err := w.db.Candidates(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(got, f.Subject.ID) {
				t.Errorf("%s with %s %s: of %v %s %s is no candidate at %v, but: %s", d.ID, set.Name, set.Value, subjects, f.Subject.Type, f.Subject.ID, f.Anchor, f.Title)
			}
		}
	}
	return len(findings)
}
