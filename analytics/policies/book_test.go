package policies_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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
	known  policy.Values
	// retention is for ever when 0.
	retention time.Duration
	// looked are the detections beside the policies; none as a rule.
	looked []analytics.Detection
	// store is that of the analysis; db when nil.
	store analytics.Store

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
	var store analytics.Store = s.db
	if s.store != nil {
		store = s.store
	}
	if s.runner, err = analytics.New(ctx, analytics.Options{Tenant: s.tenant, Detections: s.looked, Store: store, Log: s.log, Clock: s.clock, Logger: log, Retention: s.retention}); err != nil {
		return err
	}
	s.book, err = policies.Open(ctx, policies.Options{Tenant: s.tenant, Store: s.db, Analysis: s.runner, Clock: s.clock, Logger: log, Known: s.known, Files: s.files})
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

func (s *service) update(p policy.Policy, etag string) (policy.Stored, error) {
	return s.book.Update(s.t.Context(), p.ID, etag, "bob", func(policy.Stored) (policy.Policy, error) { return p, nil })
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
	if _, err := s.update(other, "0000000000000000"); !fault.Is(err, fault.Conflict) {
		t.Errorf("an update with another etag: %v", err)
	}
	if _, err := s.update(other, old.Etag()); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.add(download("b", "u", s.now.Add(-30*time.Minute)), download("c", "u", s.now.Add(time.Minute)))
	want("a late event is judged by what was in force then", "a, b")
	back := single("life", "download")
	back.EffectiveFrom = time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	if _, err := s.update(back, ""); err != nil {
		t.Fatal(err)
	}
	s.drain()
	want("from a time of the past on", "a, b, before, c, late")
	s.now = s.now.Add(time.Hour)
	back.Disabled = true
	if _, err := s.update(back, ""); err != nil {
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
	s.restart()
	if name := s.book.Name("life"); name != single("life", "download").Name || s.book.Name("never") != "" {
		t.Errorf("its alerts are called %q", name)
	}
	s.now = s.now.Add(time.Hour)
	if _, err := s.book.Create(ctx, single("life", "download"), "ann"); err != nil {
		t.Fatal(err)
	}
	s.add(download("again", "u", s.now.Add(time.Minute)))
	want("made again it goes on", "a, again, b, before, c, late, lateoff")
}

// TestRetention says that a policy that reads more than is kept is refused before it is stored, unless it is off, and that what is
// there already, because less is kept than before, keeps nobody from starting and can be deleted.
func TestRetention(t *testing.T) {
	s := newService(t, "retention")
	ctx := t.Context()
	s.retention = 90 * 24 * time.Hour
	s.restart()
	long := single("long", "download")
	long.Condition = policy.Condition{Type: policy.Repeated, Count: 2, Within: policy.Duration(31 * 24 * time.Hour)}
	_, err := s.book.Create(ctx, long, "ann")
	if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "condition.within: found 31 days, expected at most 22.2 days") {
		t.Fatalf("a window that is too long: %v", err)
	}
	if _, tried := s.book.TryCreate(long, "ann"); tried == nil || tried.Error() != err.Error() {
		t.Errorf("tried without saving: %v, expected %v", tried, err)
	}
	if _, err := s.book.Policy("long"); !fault.Is(err, fault.NotFound) {
		t.Errorf("it was stored: %v", err)
	}
	s.restart()
	off := long
	off.Disabled = true
	if _, err := s.book.Create(ctx, off, "ann"); err != nil {
		t.Errorf("one that is off: %v", err)
	}
	short := long
	short.Condition.Within = policy.Duration(22 * 24 * time.Hour)
	change := func(policy.Stored) (policy.Policy, error) { return short, nil }
	if would, err := s.book.TryUpdate("long", "", "bob", change); err != nil || would.Author != "bob" || would.Condition.Within != short.Condition.Within {
		t.Errorf("one that fits, tried: %+v, %v", would, err)
	}
	if _, err := s.book.Policy("lomg"); err == nil || !strings.Contains(err.Error(), `there is no policy "lomg"; did you mean long?`) {
		t.Errorf("a name that was mistyped: %v", err)
	}
	if there, err := s.book.Policy("long"); err != nil || there.Author != "ann" {
		t.Errorf("trying changed it: %+v, %v", there, err)
	}
	if _, err := s.update(short, ""); err != nil {
		t.Errorf("one that fits: %v", err)
	}
	s.retention = 30 * 24 * time.Hour
	s.restart()
	if why := s.book.Refusal("long"); !strings.Contains(why, "condition.within") {
		t.Errorf("its status says %q", why)
	}
	s.add(download("a", "u", s.now.Add(-time.Hour)))
	if err := s.book.Delete(ctx, "long", "", "ann"); err != nil || s.book.Refusal("long") != "" {
		t.Errorf("its deletion: %v, %q", err, s.book.Refusal("long"))
	}
	s.restart()
}

// TestRetired says what is evaluated of policies that are off or gone: nothing of those that never were on, late events as long as
// they are kept, and then nothing.
func TestRetired(t *testing.T) {
	s := newService(t, "retired")
	ctx := t.Context()
	s.retention = 10 * 24 * time.Hour
	s.restart()
	never := single("never", "download")
	never.Disabled = true
	for _, p := range []policy.Policy{never, single("gone", "download")} {
		if _, err := s.book.Create(ctx, p, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	evaluated := func(what string, want ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(s.runner.Status().Detections)); !slices.Equal(got, want) {
			t.Errorf("%s: %v are evaluated, expected %v", what, got, want)
		}
	}
	evaluated("one is off", "policy_gone")
	from := s.now
	s.now = s.now.Add(time.Hour)
	for _, id := range []string{"never", "gone"} {
		if err := s.book.Delete(ctx, id, "", "ann"); err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.now.Add(8 * 24 * time.Hour)
	s.restart()
	s.add(download("late", "u", from.Add(time.Minute)))
	evaluated("deleted, and late events are kept", "policy_gone")
	if got := s.alerts("policy_gone"); got != "late" {
		t.Errorf("a late event of its time: %q", got)
	}
	s.now = s.now.Add(3 * 24 * time.Hour)
	s.add(download("x", "u", s.now))
	evaluated("no event of its time is kept")
	s.restart()
	s.add(download("y", "u", s.now))
	evaluated("after a start")
	s.now = s.now.Add(time.Hour)
	if _, err := s.book.Create(ctx, single("gone", "download"), "ann"); err != nil {
		t.Fatal(err)
	}
	s.add(download("z", "u", s.now.Add(time.Minute)))
	if got := s.alerts("policy_gone"); got != "late, z" {
		t.Errorf("made again: %q", got)
	}
}

// TestUpdatesTogether says that changes of different fields at the same time are all kept.
func TestUpdatesTogether(t *testing.T) {
	s := newService(t, "together")
	if _, err := s.book.Create(t.Context(), single("both", "download"), "ann"); err != nil {
		t.Fatal(err)
	}
	var side errgroup.Group
	for _, change := range []func(*policy.Policy){func(p *policy.Policy) { p.Severity = "high" }, func(p *policy.Policy) { p.Category = "exports" }} {
		side.Go(func() error {
			_, err := s.book.Update(t.Context(), "both", "", "bob", func(old policy.Stored) (policy.Policy, error) {
				change(&old.Policy)
				return old.Policy, nil
			})
			return err
		})
	}
	if err := side.Wait(); err != nil {
		t.Fatal(err)
	}
	if p, err := s.book.Policy("both"); err != nil || p.Severity != "high" || p.Category != "exports" || p.Version != 3 {
		t.Errorf("%+v, %v", p, err)
	}
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
	if _, err := s.update(single("one", "view"), ""); !fault.Is(err, fault.ReadOnly) || !strings.Contains(err.Error(), "one.yaml") {
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

// TestFolderFollowed says that the policies follow their files while the service runs, and stay as they were last good when a file is wrong.
func TestFolderFollowed(t *testing.T) {
	s := newService(t, "folder")
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := func(severity string) string {
		return "id: filed\nname: Filed\nseverity: " + severity + "\nkey: user\ncondition: {type: single}\neffectiveFrom: 2026-05-06T02:00:00+02:00\n"
	}
	write("filed.yaml", text("low"))
	var err error
	if s.files, err = policies.ReadFolder(folder); err != nil {
		t.Fatal(err)
	}
	s.restart()
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { s.book.Follow(ctx, folder, time.Millisecond) })
	defer following.Wait()
	defer cancel()
	until := func(what string, is func() bool) {
		t.Helper()
		for range 3000 {
			if is() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%s: %q", what, s.book.Problem())
	}
	now := func() policy.Stored { p, _ := s.book.Policy("filed"); return p }
	write("filed.yaml", text("loud"))
	until("a wrong file is told", func() bool {
		return strings.Contains(s.book.Problem(), "filed.yaml") && strings.Contains(s.book.Refusal("filed"), "severity")
	})
	if p := now(); p.Severity != "low" || p.Version != 1 {
		t.Errorf("a wrong file, or a time with an offset, changed it: %+v", p)
	}
	write("filed.yaml", text("high"))
	write("more.yaml", "id: more\nname: More\nseverity: low\nkey: user\ncondition: {type: single}\n")
	until("the files are taken over", func() bool { return now().Severity == "high" && len(s.book.Policies()) == 2 && s.book.Problem() == "" })
	if err := os.Remove(filepath.Join(folder, "filed.yaml")); err != nil {
		t.Fatal(err)
	}
	until("a file is gone", func() bool { return len(s.book.Policies()) == 1 })
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

// TestBackWithinTheLimit says that an alert that comes back because another of its day is taken away has its context again.
func TestBackWithinTheLimit(t *testing.T) {
	s := newService(t, "back")
	p := single("back", "download")
	p.MaxAlertsPerDay = 1
	if _, err := s.book.Create(t.Context(), p, "ann"); err != nil {
		t.Fatal(err)
	}
	first, second := download("first", "u1", s.now.Add(time.Minute)), download("second", "u2", s.now.Add(2*time.Minute))
	first.IPAddress = "192.0.2.1"
	s.add(second)
	s.add(first)
	if got := s.alerts("policy_back"); got != "first, second "+analytics.DailyLimit {
		t.Fatal(got)
	}
	get := func(key string) alert.Alert {
		t.Helper()
		all, err := s.db.AlertsAnchored(t.Context(), s.tenant, "policy_back", time.Unix(0, 0), s.now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return all[slices.IndexFunc(all, func(a alert.Alert) bool { return a.Key == key })]
	}
	if get("second").Context != nil {
		t.Error("what is no alert has a context")
	}
	if _, err := s.runner.CreateException(t.Context(), alert.ExceptionRequest{AlertID: get("first").ID, Attributes: []string{"ipAddress"}, Expires: s.now.AddDate(0, 0, 9), Classification: "benign_positive", Reason: "a test", Author: "cleo"}); err != nil {
		t.Fatal(err)
	}
	s.drain()
	if a := get("second"); len(a.SuppressedBy) > 0 || a.Context == nil {
		t.Errorf("it came back as %v with the context %v", a.SuppressedBy, a.Context)
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
		err := policies.Trial{Book: s.book, Comparer: b}.Backtest(t.Context(), p, alert.BacktestRequest{}, func(alert.BacktestProgress) error { return nil },
			func(r alert.BacktestResult) error { out = r; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if r := count(); r.Alerts.Proposed != 3 || r.Suppressed.Proposed != 2 || len(r.Notes) > 0 || r.Alerts.Present != 0 || len(r.Days) != 1 {
		t.Errorf("before it is saved: %+v", r)
	}
	if _, err := s.book.Create(t.Context(), single("tried", "export"), "ann"); err != nil {
		t.Fatal(err)
	}
	if r := count(); r.Alerts.Proposed != 3 || r.Alerts.Present != 0 || r.Added != 3 {
		t.Errorf("beside the saved one: %+v", r)
	}
	for i := range 7 {
		s.add(download(fmt.Sprint("more", i), "u", base.Add(time.Duration(i)*time.Minute)))
	}
	p.MaxAlertsPerDay = 1
	if r := count(); r.Alerts.Proposed != 1 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "11 findings beside the 1") {
		t.Errorf("far over the limit: %+v", r)
	}
	if len(s.book.Policies()) != 1 || s.alerts("policy_tried") != "" {
		t.Error("a backtest stored something")
	}
}
