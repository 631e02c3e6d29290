package policies_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// service is one process with an analysis and a book of policies on a tenant.
type service struct {
	t      *testing.T
	db     *clickhouse.DB
	tenant string
	now    time.Time
	files  map[string]policy.Policy

	log    *analytics.Log
	runner *analytics.Runner
	book   *policies.Book
}

func newService(t *testing.T, tenant string) *service {
	s := &service{t: t, db: testkit.Shared(t, "cases"), tenant: tenant, now: time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)}
	s.restart()
	return s
}

func (s *service) clock() time.Time { return s.now }

func (s *service) restart() {
	s.t.Helper()
	if err := s.open(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) open() (err error) {
	ctx := s.t.Context()
	log := slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.log, err = analytics.OpenLog(ctx, s.db, s.clock, log); err != nil {
		return err
	}
	if s.runner, err = analytics.New(ctx, analytics.Options{Tenant: s.tenant, Store: s.db, Log: s.log, Clock: s.clock, Logger: log}); err != nil {
		return err
	}
	s.book, err = policies.Open(ctx, policies.Options{Tenant: s.tenant, Store: s.db, Analysis: s.runner, Clock: s.clock, Logger: log, Files: s.files})
	return err
}

func (s *service) add(events ...event.Event) {
	s.t.Helper()
	last, err := s.db.LastEventSequence(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range events {
		last++
		events[i].Tenant, events[i].Sequence = s.tenant, last
	}
	if err := s.db.AppendEvents(s.t.Context(), fmt.Sprint(s.tenant, last), events); err != nil {
		s.t.Fatal(err)
	}
	s.runner.Committed(last)
	s.drain()
}

func (s *service) drain() {
	s.t.Helper()
	if err := s.runner.CatchUp(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// alerts are the keys of the standing findings, those that are no alerts with their reasons.
func (s *service) alerts(detection string) string {
	s.t.Helper()
	all, err := s.db.AlertsAnchored(s.t.Context(), s.tenant, detection, time.Unix(0, 0), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		s.t.Fatal(err)
	}
	var keys []string
	for i := range all {
		if a := &all[i]; !a.Retracted {
			keys = append(keys, strings.TrimSpace(a.Key+" "+strings.Join(a.SuppressedBy, "+")))
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

func download(id, user string, at time.Time) event.Event {
	return event.Event{ID: id, Source: "test", Time: at, Arrival: at, UserID: user, Activity: "download", Place: event.Place{Kind: event.PlaceUnknown}, Data: "{}", Raw: "{}"}
}

func single(id string, activities ...string) policy.Policy {
	return policy.Policy{ID: id, Name: id, Severity: "low", Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single}, Filter: &policy.Filter{Field: "activity", Operator: policy.Equals, Values: activities}}
}

// TestLife follows a policy: it judges from its saving on, what was before stays as it was judged, also for what comes late and over
// a restart; disabled it finds nothing, deleted its alerts stay.
func TestLife(t *testing.T) {
	s := newService(t, "life")
	ctx := t.Context()
	s.add(download("before", "u", s.now.Add(-time.Hour)))
	if _, err := s.book.Create(ctx, single("life", "download"), "ann"); err != nil {
		t.Fatal(err)
	}
	s.add(download("a", "u", s.now.Add(time.Minute)), download("late", "u", s.now.Add(-time.Minute)))
	want := func(what, keys string) {
		t.Helper()
		if got := s.alerts("policy_life"); got != keys {
			t.Errorf("%s: %s, want %s", what, got, keys)
		}
	}
	want("from its saving on", "a")
	s.now = s.now.Add(time.Hour)
	old, err := s.book.Policy("life")
	if err != nil {
		t.Fatal(err)
	}
	other := single("life", "export")
	if _, err := s.book.Update(ctx, other, "0000000000000000", "bob"); !fault.Is(err, fault.Conflict) {
		t.Errorf("an update with another etag: %v", err)
	}
	if _, err := s.book.Update(ctx, other, old.Etag(), "bob"); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.add(download("b", "u", s.now.Add(-30*time.Minute)), download("c", "u", s.now.Add(time.Minute)))
	want("a late event is judged by what was in force then", "a, b")
	back := single("life", "download")
	back.EffectiveFrom = time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	if _, err := s.book.Update(ctx, back, "", "bob"); err != nil {
		t.Fatal(err)
	}
	s.drain()
	want("from a time of the past on", "a, b, before, c, late")
	s.now = s.now.Add(time.Hour)
	back.Disabled = true
	if _, err := s.book.Update(ctx, back, "", "bob"); err != nil {
		t.Fatal(err)
	}
	s.add(download("off", "u", s.now.Add(time.Minute)), download("lateoff", "u", s.now.Add(-time.Minute)))
	s.restart()
	s.drain()
	want("disabled it finds nothing from then on", "a, b, before, c, late, lateoff")
	if err := s.book.Delete(ctx, "life", "", "bob"); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.drain()
	want("deleted its alerts stay", "a, b, before, c, late, lateoff")
	if _, err := s.book.Policy("life"); !fault.Is(err, fault.NotFound) || len(s.book.Policies()) > 0 || len(s.book.Detections()) > 0 {
		t.Errorf("it is still there: %v", err)
	}
	s.now = s.now.Add(time.Hour)
	if _, err := s.book.Create(ctx, single("life", "download"), "ann"); err != nil {
		t.Fatal(err)
	}
	s.add(download("again", "u", s.now.Add(time.Minute)))
	want("made again it goes on", "a, again, b, before, c, late, lateoff")
}

// TestFiles says that the folder decides over its policies, and that they are not changed over the API.
func TestFiles(t *testing.T) {
	s := newService(t, "files")
	ctx := t.Context()
	s.files = map[string]policy.Policy{"one.yaml": single("one", "download")}
	s.restart()
	first, err := s.book.Policy("one")
	if err != nil || first.File != "one.yaml" || first.Version != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := s.book.Update(ctx, single("one", "view"), "", "ann"); !fault.Is(err, fault.ReadOnly) || !strings.Contains(err.Error(), "one.yaml") {
		t.Errorf("an update: %v", err)
	}
	if err := s.book.Delete(ctx, "one", "", "ann"); !fault.Is(err, fault.ReadOnly) {
		t.Errorf("a deletion: %v", err)
	}
	s.now = s.now.Add(time.Hour)
	s.restart()
	if same, err := s.book.Policy("one"); err != nil || same.Version != 1 || !same.Since.Equal(first.Since) {
		t.Errorf("after a start: %+v, %v", same, err)
	}
	if _, err := s.book.Create(ctx, single("two", "view"), "ann"); err != nil {
		t.Fatal(err)
	}
	s.files = map[string]policy.Policy{"x.yaml": single("two", "view")}
	if err := s.open(); err == nil || !strings.Contains(err.Error(), "x.yaml: id: two") {
		t.Errorf("a file with the id of a saved one: %v", err)
	}
	s.files = nil
	s.restart()
	if _, err := s.book.Policy("one"); !fault.Is(err, fault.NotFound) {
		t.Errorf("its file is gone: %v", err)
	}
}

// TestOrder adds events of several users in random orders and parts, with restarts: the alerts are the same, the limit of a day and
// what grows included.
func TestOrder(t *testing.T) {
	base := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(1, 7))
	var events []event.Event
	for i := range 60 {
		events = append(events, download(fmt.Sprintf("e%02d", i), fmt.Sprintf("u%d", r.IntN(5)), base.Add(time.Duration(r.IntN(600))*time.Minute/2)))
	}
	all := []policy.Policy{single("one", "download"), single("grown", "download")}
	all[0].MaxAlertsPerDay = 7
	all[1].MaxAlertsPerDay = 3
	all[1].Condition = policy.Condition{Type: policy.Repeated, Count: 2, Within: policy.Duration(15 * time.Minute)}
	var want string
	for n := range 4 {
		s := newService(t, fmt.Sprint("order-", n))
		for _, p := range all {
			p.EffectiveFrom = base.Add(-time.Hour)
			if _, err := s.book.Create(t.Context(), p, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		shuffled := slices.Clone(events)
		parts := 1
		if n > 0 {
			r.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
			parts = 3 * n
		}
		for part := range slices.Chunk(shuffled, len(shuffled)/parts) {
			s.add(slices.Clone(part)...)
			if n == 2 {
				s.restart()
			}
		}
		got := s.alerts("policy_one") + " | " + s.alerts("policy_grown")
		if n == 0 {
			want = got
		}
		if got != want {
			t.Errorf("order %d: %s\nwant %s", n, got, want)
		}
	}
	if strings.Count(want, analytics.DailyLimit) < 10 {
		t.Errorf("the limit was not reached: %s", want)
	}
}

// TestBacktest counts what the analysis finds, with the limit of a day, before a policy is saved.
func TestBacktest(t *testing.T) {
	s := newService(t, "backtest")
	base := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	for i := range 5 {
		s.add(download(fmt.Sprint("d", i), "u", base.Add(time.Duration(i)*time.Hour)))
	}
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: s.tenant, Store: s.db, Clock: s.clock, Exceptions: s.runner.ExceptionsOf, People: s.db, Adopted: s.book.Detections})
	if err != nil {
		t.Fatal(err)
	}
	p := single("tried", "download")
	p.MaxAlertsPerDay = 3
	count := func() (out alert.BacktestResult) {
		t.Helper()
		err := policies.Trial{Book: s.book, Comparer: b}.Backtest(t.Context(), p, time.Time{}, time.Time{}, func(alert.BacktestProgress) error { return nil },
			func(r alert.BacktestResult) error { out = r; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if r := count(); r.Alerts.Proposed != 3 || r.Suppressed.Proposed != 2 || r.Alerts.Present != 0 || len(r.Days) != 1 {
		t.Errorf("before it is saved: %+v", r)
	}
	if _, err := s.book.Create(t.Context(), single("tried", "export"), "ann"); err != nil {
		t.Fatal(err)
	}
	if r := count(); r.Alerts.Proposed != 3 || r.Alerts.Present != 0 || r.Added != 3 {
		t.Errorf("beside the saved one: %+v", r)
	}
	if len(s.book.Policies()) != 1 || s.alerts("policy_tried") != "" {
		t.Error("a backtest stored something")
	}
}
