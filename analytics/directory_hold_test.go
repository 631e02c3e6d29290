package analytics_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestDirectoryHold: one alert while a delivery is held, which grows with the numbers, outlives a restart, and is resolved when a
// delivery of that directory is applied; one that a person works on stays in progress.
func TestDirectoryHold(t *testing.T) {
	e := newEpisodes(t)
	clock := func() time.Time { return e.now }
	watch := analytics.NewDirectoryWatch("default", e.db, e.log, clock)
	held := func(source string, left int, who string) {
		t.Helper()
		e.now = e.now.Add(time.Minute)
		if err := watch.Held(t.Context(), analytics.HeldDelivery{Source: source, At: e.now, People: 400, Left: left, Limit: 5, Leavers: []string{who}, Confirm: "do it"}); err != nil {
			t.Fatal(err)
		}
	}
	applied := func(source string) {
		t.Helper()
		e.now = e.now.Add(time.Minute)
		if err := watch.Applied(t.Context(), source, e.now); err != nil {
			t.Fatal(err)
		}
	}
	applied("entra") // nothing stands
	held("entra", 37, "Ann")
	held("entra", 37, "Ann")
	held("entra", 37, "Bob") // others are news, although they are as many
	e.restart()
	watch = analytics.NewDirectoryWatch("default", e.db, e.log, clock)
	held("entra", 41, "Bob")
	applied("hr")
	applied("entra")
	applied("entra")
	held("entra", 50, "Bob")
	log, err := e.log.Read(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	type line struct{ kind, state, title string }
	const title = "A delivery of the directory entra is held: "
	want := []line{{"created", alert.StateNew, title + "37 of 400 active people would leave"}, {"updated", alert.StateNew, title + "37 of 400 active people would leave"}, {"updated", alert.StateNew, title + "41 of 400 active people would leave"},
		{"updated", alert.StateResolved, title + "41 of 400 active people would leave"}, {"created", alert.StateNew, title + "50 of 400 active people would leave"}}
	if len(log) != len(want) {
		t.Fatalf("%d changes: %+v", len(log), log)
	}
	for i, c := range log {
		if got := (line{c.Kind, c.State(), c.Title}); got != want[i] {
			t.Errorf("change %d: %v, expected %v", i, got, want[i])
		}
		if c.ID != c.AlertID() || c.Severity != alert.SeverityMedium || c.Subject.ID != "directory/entra" || (c.ID == log[0].ID) != (i < 4) {
			t.Errorf("change %d: %+v", i, c)
		}
	}
	var evidence map[string]any
	if err := json.Unmarshal([]byte(log[3].Evidence), &evidence); err != nil || evidence["left"] != 41.0 || evidence["noticed"] != "2026-05-06T09:02:00Z" || evidence["applied"] == nil || evidence["confirm"] != "do it" {
		t.Errorf("evidence %v, %v", evidence, err)
	}
	if _, err := e.log.SetTriage(t.Context(), "default", log[4].ID, "ada", func(t *alert.Triage) error { t.State = alert.StateInProgress; return nil }); err != nil {
		t.Fatal(err)
	}
	applied("entra")
	now, err := e.db.AlertsByID(t.Context(), "default", []string{log[4].ID})
	if err != nil || len(now) != 1 || now[0].State() != alert.StateInProgress {
		t.Errorf("%+v, %v", now, err)
	}
	if g := analytics.Guide(nil, nil, nil)(&alert.Alert{ID: "0123", Finding: alert.Finding{Detection: analytics.DirectoryHold}}); len(g.Response) == 0 || g.AllEvents != "" {
		t.Errorf("%+v", g)
	}
}
