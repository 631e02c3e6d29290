package analytics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// TestAnAlertNamesOthers: an alert about an address has the name of the user as whom it got in, also when the directory knows it only later.
func TestAnAlertNamesOthers(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	user := func(n int) string { return fmt.Sprintf("0190c1f2-0000-4000-8000-%012d", n) }
	var c testCase
	var events []eventCase
	for n := range 6 {
		events = append(events, eventCase{ID: fmt.Sprint("s", n), At: fmt.Sprintf("2026-05-06T09:0%d:00Z", n), Count: 2, Every: 10 * time.Second, User: user(n), Activity: "failed_logon", IP: "203.0.113.9"})
	}
	events = append(events, eventCase{ID: "in", At: "2026-05-06T09:07:00Z", User: user(3), Activity: "logon", IP: "203.0.113.9"})
	w.add(c.build(t, events)...)
	w.drain()
	source := func() alert.Alert {
		all, _, err := w.db.ListAlerts(t.Context(), w.tenant, alert.Filter{SubjectIDs: []string{"203.0.113.9"}}, alert.Order{}, 0, alert.Cursor{}, 10)
		if err != nil || len(all) != 1 {
			t.Fatalf("alerts %+v: %v", all, err)
		}
		return all[0]
	}
	const unnamed = "203.0.113.9 failed to log on 12 times within 6 minutes as 6 users, and succeeded as "
	first := source()
	if got := first.ToldTitle(); got != unnamed+user(3) {
		t.Fatalf("title %q", got)
	}
	if err := w.db.AddPeople(t.Context(), []directory.State{{Tenant: w.tenant, Source: "entra", DirectoryID: "7", Status: directory.StatusActive, Kind: "person", DisplayName: "Mia Olsen", DocuSignUserIDs: []string{user(3)}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.runner.Recheck(t.Context(), []clickhouse.Recheck{{Subject: clickhouse.Subject{Type: "user", ID: user(3)}, First: first.Start, Last: first.End, Reason: analytics.ReasonDirectory}}); err != nil {
		t.Fatal(err)
	}
	w.drain()
	if then := source(); then.ToldTitle() != unnamed+"Mia Olsen" || then.Title != first.Title || then.ID != first.ID {
		t.Errorf("title %q of %q", then.ToldTitle(), then.Title)
	}
}

// TestAnApplicationIsCalledAsConfigured: what the configuration calls an application stands in the titles of its alerts, also of those that were raised before it was
// configured, and in what a backtest or a re-evaluation shows, which names people too.
func TestAnApplicationIsCalledAsConfigured(t *testing.T) {
	const key, other, user = "0190c1f2-0000-4000-8000-00000000000a", "0190c1f2-0000-4000-8000-00000000000b", "0190c1f2-0000-4000-8000-00000000000c"
	w := newWorld(t, "control_change", nil)
	defaults := eventCase{Activity: "connect", Object: "ConnectConfiguration", Action: "Updated", Admin: true, Account: "acme"}
	by := func(id, user, app, at string) eventCase {
		e := defaults
		e.ID, e.At, e.User, e.Integration = id, at, user, app
		return e
	}
	c := testCase{Defaults: eventCase{User: "-"}}
	w.add(c.build(t, []eventCase{by("a", "-", key, "2026-05-06T09:00:00Z"), by("b", "-", other, "2026-05-06T09:00:00Z"), by("c", user, "", "2026-05-06T09:00:00Z")})...)
	w.drain()
	titles := func() map[string]string {
		all := map[string]string{}
		for _, a := range w.standing() {
			all[a.Subject.ID] = a.ToldTitle()
		}
		return all
	}
	begins := func(when string, titles map[string]string, want map[string]string) {
		t.Helper()
		for id, title := range want {
			if !strings.HasPrefix(titles[id], title) {
				t.Errorf("%s: %q, expected it to begin with %q", when, titles[id], title)
			}
		}
	}
	begins("nobody is named", titles(), map[string]string{key: "Application " + key, other: "Application " + other, user: "User " + user})
	w.applications = map[string]string{strings.ToUpper(key): "HR Sync"}
	if err := w.db.AddPeople(t.Context(), []directory.State{{Tenant: w.tenant, Source: "entra", DirectoryID: "7", Status: directory.StatusActive, Kind: "person", DisplayName: "Mia Olsen", DocuSignUserIDs: []string{user}}}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.drain()
	begins("after it was configured", titles(), map[string]string{key: "Application HR Sync (0190c1f2…)", other: "Application " + other})
	head := w.log.Head()
	w.restart()
	w.drain()
	if now := w.log.Head(); now != head {
		t.Errorf("a start without news changed %d alerts", now-head)
	}

	all := map[string]string{}
	err := w.backtester(0, w.db).Backtest(t.Context(), alert.BacktestRequest{Detections: []string{"control_change"}}, func(alert.BacktestProgress) error { return nil }, func(r alert.BacktestResult) error {
		for _, s := range r.TopSubjects {
			all[s.Subject.ID] = s.Subject.DisplayName
		}
		return nil
	})
	if err != nil || all[key] != "HR Sync" || all[user] != "Mia Olsen" || all[other] != "" {
		t.Errorf("subjects of a backtest %v, %v", all, err)
	}
	var findings []*alert.Finding
	for _, a := range w.standing() {
		findings = append(findings, &a.Finding)
	}
	contexts, err := w.runner.Tell(t.Context(), findings)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for i, f := range findings {
		a := alert.Alert{Finding: *f, Context: contexts[i]}
		told[f.Subject.ID] = a.ToldTitle()
	}
	begins("asked for", told, map[string]string{key: "Application HR Sync (0190c1f2…)", user: "Mia Olsen "})

	bare := w.standing()
	etags := map[string]string{}
	for i := range bare {
		bare[i].Context, bare[i].Tenant = nil, w.tenant
		etags[bare[i].ID] = bare[i].Etag()
	}
	if err := w.runner.NameAlerts(t.Context(), bare); err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for i := range bare {
		a := &bare[i]
		shown[a.Subject.ID] = a.ToldTitle()
		if a.Etag() != etags[a.ID] {
			t.Errorf("%s: another etag, so that nobody could work on it", a.Subject.ID)
		}
		if unknown := a.Subject.ID == other; unknown != (a.Context == nil) {
			t.Errorf("%s has the context %+v", a.Subject.ID, a.Context)
		}
	}
	begins("of what has no context", shown, map[string]string{key: "Application HR Sync (0190c1f2…)", user: "Mia Olsen ", other: "Application " + other})
}
