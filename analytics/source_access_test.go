package analytics_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// episodes is a SourceWatch on a database of its own.
type episodes struct {
	t   *testing.T
	db  *clickhouse.DB
	log *analytics.Log
	w   *analytics.SourceWatch
	now time.Time
}

func newEpisodes(t *testing.T) *episodes {
	e := &episodes{t: t, db: testkit.Database(t), now: time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)}
	e.restart()
	return e
}

// restart is a new process on the same database.
func (e *episodes) restart() {
	e.t.Helper()
	clock := func() time.Time { return e.now }
	log, err := analytics.OpenLog(e.t.Context(), e.db, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		e.t.Fatal(err)
	}
	e.log, e.w = log, analytics.NewSourceWatch("default", e.db, log, clock)
}

func (e *episodes) lost(source, kind string, since time.Time) {
	e.t.Helper()
	e.now = e.now.Add(time.Minute)
	if err := e.w.Lost(e.t.Context(), analytics.Loss{Source: source, Kind: kind, Problem: "problem " + kind, Title: "title " + kind, Since: since, Failures: 3}); err != nil {
		e.t.Fatal(err)
	}
}

func (e *episodes) restored(source string) {
	e.t.Helper()
	e.now = e.now.Add(time.Minute)
	if err := e.w.Restored(e.t.Context(), source, e.now); err != nil {
		e.t.Fatal(err)
	}
}

// changes are the entries of the log as "kind state title", those of one alert with the same letter.
func (e *episodes) changes() (all []string) {
	e.t.Helper()
	log, err := e.log.Read(e.t.Context(), 0, 100)
	if err != nil {
		e.t.Fatal(err)
	}
	var ids []string
	for _, c := range log {
		if !slices.Contains(ids, c.ID) {
			ids = append(ids, c.ID)
		}
		all = append(all, strings.Join([]string{string(rune('a' + slices.Index(ids, c.ID))), c.Kind, c.State(), c.Title}, " "))
		if c.ID != c.AlertID() || c.Severity != alert.SeverityHigh || c.Actor != "sealwatch" || c.Subject.Type != "source" || c.End.Before(c.Start) || c.Kind != alert.ChangeCreated && c.PreviousState == "" {
			e.t.Errorf("change %+v", c)
		}
	}
	return all
}

func (e *episodes) expect(want ...string) {
	e.t.Helper()
	if d := gocmp.Diff(want, e.changes()); d != "" {
		e.t.Errorf("changes (-want +got):\n%s", d)
	}
}

// TestSourceAccess: one alert an episode and a source, which grows, outlives a restart, is said once, and is resolved.
func TestSourceAccess(t *testing.T) {
	e := newEpisodes(t)
	since := e.now.Add(-10 * time.Minute)
	e.restored("monitor/a") // nothing stands
	e.lost("monitor/a", "network", since)
	e.lost("monitor/a", "network", since)
	e.lost("monitor/b", "consent", since)
	e.restart()
	e.lost("monitor/a", "network", e.now) // the new process knows another beginning
	e.lost("monitor/a", "entitlement", e.now)
	e.restored("monitor/a")
	e.restored("monitor/a")
	e.lost("monitor/a", "network", e.now)
	e.expect("a created new title network", "b created new title consent", "a updated new title entitlement", "a updated resolved title entitlement", "c created new title network")
	all, err := e.db.AlertsOfSubjects(t.Context(), "default", analytics.SourceAccess, []string{"monitor/a"})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d alerts, %v", len(all), err)
	}
	slices.SortFunc(all, func(a, b alert.Alert) int { return a.Anchor.Compare(b.Anchor) })
	var evidence map[string]any
	if err := json.Unmarshal([]byte(all[0].Evidence), &evidence); err != nil {
		t.Fatal(err)
	}
	if !all[0].Start.Equal(since) || evidence["since"] != "2026-05-06T08:50:00Z" || evidence["kind"] != "entitlement" || evidence["problem"] != "problem entitlement" || evidence["restored"] == nil || evidence["noticed"] != "2026-05-06T09:02:00Z" {
		t.Errorf("start %s, evidence %v", all[0].Start, evidence)
	}
}

// TestSourceAccessLeavesPeopleAlone: what a person closed is not opened again while it lasts, and what a person works on is
// not closed.
func TestSourceAccessLeavesPeopleAlone(t *testing.T) {
	for _, state := range []string{alert.StateInProgress, alert.StateResolved} {
		e := newEpisodes(t)
		e.lost("monitor/a", "network", e.now)
		log, err := e.log.Read(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.log.SetTriage(t.Context(), "default", log[0].ID, "ada", func(t *alert.Triage) error { t.State, t.Assignee = state, "ada"; return nil }); err != nil {
			t.Fatal(err)
		}
		e.lost("monitor/a", "server", e.now)
		e.restored("monitor/a")
		all, err := e.db.AlertsOfSubjects(t.Context(), "default", analytics.SourceAccess, []string{"monitor/a"})
		if err != nil || len(all) != 1 || all[0].Triage.State != state || all[0].Triage.Assignee != "ada" || !strings.Contains(all[0].Evidence, "restored") {
			t.Errorf("%s: %+v, %v", state, all, err)
		}
	}
}

func TestSourceAccessDescribed(t *testing.T) {
	d := analytics.DescribeSourceAccess()
	if d.ID != analytics.SourceAccess || len(d.Response) == 0 || d.Severity != alert.SeverityHigh {
		t.Errorf("%+v", d)
	}
	g := analytics.Guide(nil, nil, nil)(&alert.Alert{ID: "0123", Finding: alert.Finding{Detection: analytics.SourceAccess, Subject: alert.Subject{Type: "source", ID: "monitor/a"}}})
	if len(g.Response) == 0 || g.Rerun != "SELECT * FROM alert_history WHERE alert_id = '0123' ORDER BY sequence" || g.AllEvents != "" {
		t.Errorf("%+v", g)
	}
}

// TestSourceAccessIsDescribedWithTheOthers: the analysis describes all alerts when it has caught up; one that is about no
// events must not be in its way.
func TestSourceAccessIsDescribedWithTheOthers(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	before, after := journey(t)
	var c testCase
	w.add(c.build(t, before)...)
	w.drain()
	since := time.Date(2026, 5, 6, 9, 50, 0, 0, time.UTC)
	w.now = since.Add(20 * time.Minute)
	watch := analytics.NewSourceWatch(w.tenant, w.db, w.log, func() time.Time { return w.now })
	if err := watch.Lost(t.Context(), analytics.Loss{Source: "monitor/a", Kind: "network", Problem: "p", Title: "t", Since: since, Failures: 5}); err != nil {
		t.Fatal(err)
	}
	w.now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	w.add(c.build(t, after)...)
	w.drain()
	if err := watch.Restored(t.Context(), "monitor/a", since.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.drain()
	all, _, err := w.db.ListAlerts(t.Context(), w.tenant, alert.Filter{}, alert.Order{}, 0, alert.Cursor{}, 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d alerts, %v", len(all), err)
	}
	for _, a := range all {
		switch a.Detection {
		case analytics.SourceAccess:
			if a.State() != alert.StateResolved || a.EventCount != 0 || a.Actor != "sealwatch" && a.Actor != "analysis" {
				t.Errorf("%+v", a)
			}
		default:
			if a.Context == nil || !a.Context.AfterComplete {
				t.Errorf("the other alert is not described: %+v", a.Context)
			}
		}
	}
}
