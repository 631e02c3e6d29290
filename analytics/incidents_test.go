package analytics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// TestIncidentsFollowTheLog: who follows the changes of alerts has the same incidents as who reads the alerts at the end, at any time; and
// an incident is found by what it was called before.
func TestIncidentsFollowTheLog(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	r, ctx := rand.New(rand.NewPCG(3, 4)), t.Context()
	g := alert.Grouping{Window: 5 * time.Hour, Longest: 40 * time.Hour, Severity: map[string]float64{"low": 5, "high": 40}, Variety: 10, Subject: 3, Privilege: 7, Novelty: map[string]float64{alert.TraitNetwork: 2}}
	follower := analytics.NewIncidents(w.tenant, w.db, w.log, g)
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	standing := map[int]alert.Alert{}
	id := func(n int) string { return fmt.Sprintf("%032x", 1000*worlds+n) }
	apply := func(c alert.Change) {
		t.Helper()
		if err := w.log.Update(ctx, func(context.Context) ([]alert.Change, error) { return []alert.Change{c}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	past := map[uint64][]alert.Incident{}
	compare := func() []alert.Incident {
		t.Helper()
		got, head, err := follower.ListIncidents(ctx, alert.IncidentFilter{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := analytics.NewIncidents(w.tenant, w.db, w.log, g).ListIncidents(ctx, alert.IncidentFilter{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("who follows has others than who reads at once (-read +followed):\n%s", d)
		}
		past[head] = got
		return got
	}
	most := 0
	for step := range 60 {
		n := r.IntN(20)
		a, known := standing[n]
		if !known {
			s := alert.Subject{Type: "user", ID: fmt.Sprint("u", r.IntN(3))}
			if r.IntN(4) == 0 {
				s = alert.Subject{Type: "address", ID: fmt.Sprint("192.0.2.", r.IntN(2))}
			}
			start := at.Add(time.Duration(r.IntN(60)) * time.Hour)
			a = alert.Alert{ID: id(n), Triage: alert.Triage{State: alert.StateNew}, Finding: alert.Finding{Tenant: w.tenant, Detection: fmt.Sprint("d", n%3), Subject: s, Key: fmt.Sprint(n), Anchor: start, Start: start, End: start.Add(time.Hour), EventCount: 3, Severity: "low",
				Evidence: fmt.Sprintf(`{"ipAddresses":["192.0.2.%d"]}`, r.IntN(2))}}
		}
		c := alert.Change{Kind: alert.ChangeUpdated, Alert: a}
		if known {
			c.Follow(&a)
			switch r.IntN(4) {
			case 0:
				c.Retracted = !c.Retracted
			case 1:
				c.SuppressedBy = []string{"known"}
			case 2:
				c.Triage.State, c.Triage.Classification, c.SuppressedBy = alert.StateResolved, alert.FalsePositive, nil
			default:
				c.Severity, c.End, c.Context = "high", c.End.Add(3*time.Hour), &alert.Context{Traits: []alert.Trait{{Kind: alert.TraitNetwork, Value: "1", New: true}}, Directory: &alert.Person{Role: "DocuSign Administrator"}}
			}
		} else {
			c.Kind = alert.ChangeCreated
		}
		apply(c)
		standing[n] = c.Alert
		if step%6 == 5 {
			most = max(most, len(compare()))
		}
	}
	if most < 2 {
		t.Errorf("there were %d incidents at most: this tests nothing", most)
	}
	// The first alert of an incident is withdrawn for another one: its name of before leads to what it is now.
	list := compare()
	first := list[0].Alerts[0]
	var old alert.Alert
	for _, a := range standing {
		if a.ID == first.ID {
			old = a
		}
	}
	heir := old
	heir.ID, heir.Start = id(500), old.Start.Add(-time.Minute)
	apply(alert.Change{Kind: alert.ChangeCreated, Alert: heir})
	gone := alert.Change{Kind: alert.ChangeRetracted, Alert: old}
	gone.Follow(&old)
	gone.Retracted, gone.SupersededBy = true, heir.ID
	apply(gone)
	now, err := follower.GetIncident(ctx, first.ID)
	if err != nil || now.ID != heir.ID || len(now.Alerts) != len(list[0].Alerts) {
		t.Errorf("by its name of before: %v with %d alerts, %v", now.ID, len(now.Alerts), err)
	}
	lone := heir
	lone.ID, lone.Subject, lone.Evidence = id(501), alert.Subject{Type: "user", ID: "somebody else"}, "{}"
	apply(alert.Change{Kind: alert.ChangeCreated, Alert: lone})
	for name, want := range map[string]string{id(999): "there is no incident", lone.ID: "belongs to no incident"} {
		if _, err := follower.GetIncident(ctx, name); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("incident %s: %v; expected that it says %q", name, err, want)
		}
	}
	// A remark changes no incident, and who cannot wait for another reader does not.
	before := follower.Groupings()
	if _, err := w.log.SetTriage(ctx, w.tenant, heir.ID, "ann", func(t *alert.Triage) error {
		t.Comments = append(t.Comments, alert.Comment{Author: "ann", Text: "seen"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	compare()
	if n := follower.Groupings() - before; n != 0 {
		t.Errorf("a remark had all alerts grouped %d times", n)
	}
	// Who turns pages has the incidents of the first one, held or made again.
	if len(past) < 8 {
		t.Errorf("%d lists of before", len(past))
	}
	for head, want := range past {
		for name, who := range map[string]*analytics.Incidents{"who followed": follower, "who begins": analytics.NewIncidents(w.tenant, w.db, w.log, g)} {
			got, at, err := who.ListIncidents(ctx, alert.IncidentFilter{}, head)
			if d := cmp.Diff(want, got); d != "" || at != head || err != nil {
				t.Errorf("%s has others after change %d (%d, %v) than there were (-want +got):\n%s", name, head, at, err, d)
			}
		}
	}
	if _, _, err := follower.ListIncidents(ctx, alert.IncidentFilter{}, w.log.Head()+1); !fault.Is(err, fault.InvalidPageToken) {
		t.Errorf("a page of changes that there are not: %v", err)
	}
	release := follower.Hold()
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := follower.IncidentsOf(ended, []string{heir.ID}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone away: %v", err)
	}
	release()
	of, err := follower.IncidentsOf(ctx, []string{heir.ID, first.ID})
	if err != nil || len(of) != 1 || of[heir.ID] != heir.ID {
		t.Errorf("incidents of alerts: %v, %v", of, err)
	}
}
