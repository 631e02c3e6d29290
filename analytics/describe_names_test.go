package analytics_test

import (
	"fmt"
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
