package clickhouse_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestListIsWhatTheFilterMatches: the statement selects and orders as alert.Filter and alert.Order say, page by page, whatever the
// texts are.
func TestListIsWhatTheFilterMatches(t *testing.T) {
	db := testkit.Database(t)
	r := rand.New(rand.NewPCG(7, 8))
	of := func(all ...string) string { return all[r.IntN(len(all))] }
	hostile := []string{"ann", "Bob O'Neil", "x' OR 1=1 --", "a\tb\\n", "é\u202e", "{tenant:String}", `"quoted", [list]`, ""}
	var log []alert.Change
	for i := range 120 {
		c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: fmt.Sprintf("%032x", r.Uint64()), Sequence: uint64(i + 1), Actor: "analysis", Created: base.Add(time.Duration(r.IntN(90)) * time.Minute).Truncate(time.Millisecond),
			Updated: base.Add(time.Duration(i) * time.Minute).Truncate(time.Millisecond), Finding: alert.Finding{Tenant: "default", Detection: of("d1", "d2"), Subject: alert.Subject{Type: of("user", "address"), ID: of("u1", "192.0.2.7", "2001:db8::1"), Email: of("Ada@example.com", "bo@example.com", "")},
				Key: "k", Anchor: base, Start: base.Add(time.Duration(r.IntN(50)) * time.Minute), EventCount: uint64(r.IntN(5)), Score: []float64{-2.5, 0, 3, 1e9}[r.IntN(4)],
				Severity: of("informational", "low", "medium", "high", "critical"), Title: "A " + of(hostile...), SuppressedBy: []string{}}}}
		c.End = c.Start.Add(time.Duration(r.IntN(60)) * time.Minute)
		c.Evidence = of(`{}`, `{"ipAddresses":["203.0.113.9","2001:db8::2"],"countries":["DE","FR"],"networks":["Telekom, AG","Orange"]}`, `{"from":{"ipAddress":"198.51.100.3","country":"DE","network":"Big Net","asn":3320}}`, `{"country":"France","note":"\"US\""}`,
			`{"from":{"ipAddress":"198.51.100.3","network":"198.19.130.0"},"newNetworks":["198.19.130.64"]}`, `{"ipAddress":"198.19.130.9"}`)
		c.EventIDs = []string{}
		if r.IntN(5) == 0 {
			c.SuppressedBy = []string{of("known", "other")}
		}
		if r.IntN(4) == 0 {
			c.Context = &alert.Context{Traits: []alert.Trait{{Kind: alert.TraitAddress, Value: "198.51.100.77"}, {Kind: alert.TraitNetwork, Value: of("64500", "198.19.130.0"), Label: "Big Net"}}}
			if c.Subject.Type, c.Subject.ID = "user", "u1"; r.IntN(2) == 0 {
				c.Context.Names = []alert.Named{{ID: c.Subject.ID, Name: of("Mia  Olsen", "Åke Öst")}}
			} else {
				c.Context.Directory, c.Title = &alert.Person{Name: of("Mia Olsen", "Zoë"), Email: "Mia@example.com"}, "User "+c.Subject.ID+" did something"
			}
		}
		c.Triage = alert.Triage{State: of("new", "in_progress", "resolved"), Classification: of("", "true_positive", "false_positive"), Reason: of("", "other"), Assignee: of(hostile...), Comments: []alert.Comment{}}
		if r.IntN(3) == 0 {
			c.Triage.Comments = []alert.Comment{{Author: "x", Text: of(hostile...), Time: base}}
		}
		log = append(log, c)
	}
	newer := log[3]
	newer.Sequence, newer.Title, newer.Kind = uint64(len(log)+1), "A newer version", alert.ChangeUpdated
	log = append(log, newer)
	if err := db.AppendChanges(t.Context(), "all", log); err != nil {
		t.Fatal(err)
	}
	all := make([]alert.Alert, 0, len(log))
	for i := range log {
		if log[i].ID != newer.ID || log[i].Sequence == newer.Sequence {
			all = append(all, log[i].Alert)
		}
	}
	yes, no, two := true, false, 2.0
	prefix := func(s string) []netip.Prefix {
		p, err := alert.Prefix(s)
		if err != nil {
			t.Fatal(err)
		}
		return []netip.Prefix{p}
	}
	hour := base.Add(30 * time.Minute)
	filters := []alert.Filter{
		{}, {States: []string{"suppressed"}}, {States: []string{"new", "suppressed"}, SuppressedBy: []string{"known"}}, {Severities: []string{"low", "critical"}}, {MinSeverity: "medium", Severities: []string{"low", "high"}},
		{Classifications: []string{"", "true_positive"}}, {Reasons: []string{"other"}}, {Assignees: []string{""}}, {Assignees: []string{"bob o'neil", "x' or 1=1 --"}}, {SubjectTypes: []string{"address"}}, {SubjectEmails: []string{"ada@example.com"}},
		{Users: []string{"mia olsen"}}, {Users: []string{"åke öst", "192.0.2.7"}}, {Users: []string{"mia@example.com"}}, {Users: []string{"ada@example.com"}}, {Text: "mia olsen did"}, {Text: "ZOË"},
		{Addresses: prefix("192.0.2.0/24")}, {Addresses: prefix("2001:db8::/32")}, {Addresses: prefix("198.51.100.77")}, {Addresses: prefix("198.19.130.0/24")}, {Countries: []string{"FR"}}, {Networks: []string{"telekom, ag"}}, {Networks: []string{"3320", "64500"}}, {Networks: []string{"big net"}, Countries: []string{"DE"}},
		{Text: "OR 1=1"}, {Text: "'"}, {Text: "NEWER"}, {MinScore: &two}, {MaxScore: &two}, {MinEvents: 2, MaxEvents: 3}, {Commented: &yes}, {Commented: &no}, {IDs: []string{all[0].ID, all[5].ID, "none"}}, {IDPrefixes: []string{all[7].ID[:20], "none"}}, {IDs: []string{all[0].ID}, IDPrefixes: []string{all[7].ID[:20], all[8].ID}},
		{First: alert.Between{From: hour}}, {Last: alert.Between{To: hour}}, {Created: alert.Between{From: hour, To: hour.Add(20 * time.Minute)}}, {Updated: alert.Between{To: hour}}, {Start: hour, End: hour.Add(time.Minute), Detections: []string{"d2"}},
	}
	for i, f := range filters {
		order := alert.Order{By: alert.Orders[i%len(alert.Orders)], Ascending: i%2 == 1}
		var want []string
		matching := slices.DeleteFunc(slices.Clone(all), func(a alert.Alert) bool { return !f.Match(&a) })
		slices.SortFunc(matching, func(a, b alert.Alert) int {
			return cmp.Or(cmp.Compare(order.Key(&b), order.Key(&a)), cmp.Compare(b.ID, a.ID))
		})
		for _, a := range matching {
			want = append(want, a.ID)
		}
		if len(want) == 0 {
			t.Errorf("filter %d selects nothing: it tests nothing", i)
		}
		var got []string
		for after := (alert.Cursor{}); ; {
			page, total, err := db.ListAlerts(t.Context(), "default", f, order, 0, after, 25)
			if err != nil || total != len(want) {
				t.Fatalf("filter %d: %d in all, want %d: %v", i, total, len(want), err)
			}
			for _, a := range page {
				got = append(got, a.ID)
			}
			if len(page) < 25 {
				break
			}
			last := &page[len(page)-1]
			after = alert.Cursor{Key: order.Key(last), ID: last.ID}
		}
		if !slices.Equal(got, want) {
			t.Errorf("filter %d by %v:\n got %v\nwant %v", i, order, got, want)
		}
	}
}
