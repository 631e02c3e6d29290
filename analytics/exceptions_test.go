package analytics_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// firstOf is an exception of the first alert about a user that names its address.
func firstOf(subject, key string) exceptionCase {
	return exceptionCase{Subject: subject, Key: key, Attributes: []string{"ipAddress"}, Expires: "2026-05-20T00:00:00Z"}
}

// TestExceptionsInAnyOrder: an exception is an input. Whether it is made before or after the events that it covers arrive,
// the same alerts stand.
func TestExceptionsInAnyOrder(t *testing.T) {
	may := func(day int) time.Time { return time.Date(2026, 5, day, 9, 0, 0, 0, time.UTC) }
	first := failures("ann", may(5), 6)
	rest := slices.Concat(failures("bob", may(6), 6), failures("cy", may(7), 7), failures("ann", may(8), 6), failures("di", may(25), 6), failures("eve", may(3), 6))
	whole := newWorld(t, "failed_logins", nil)
	whole.add(slices.Concat(first, rest)...)
	whole.drain()
	whole.exceptOne(0, firstOf("ann", "ann-0505-0"))
	whole.drain()
	want := whole.standing()
	suppressed := 0
	for _, a := range want {
		if len(a.SuppressedBy) > 0 {
			suppressed++
		}
	}
	if len(want) != 6 || suppressed != 4 {
		t.Fatalf("%d findings, %d of them suppressed; expected 6 and 4", len(want), suppressed)
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 3))
		shuffled := slices.Clone(rest)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		batches := slices.Collect(slices.Chunk(shuffled, 5))
		at := r.IntN(len(batches))
		other := newWorld(t, "failed_logins", nil)
		other.add(first...)
		other.drain()
		for i, batch := range batches {
			if i == at {
				other.exceptOne(0, firstOf("ann", "ann-0505-0"))
				if seed%2 == 0 {
					other.restart()
				}
			}
			other.add(batch...)
			if r.IntN(2) == 0 {
				other.drain()
			}
		}
		other.drain()
		if diff := gocmp.Diff(want, other.standing()); diff != "" {
			t.Fatalf("seed %d: another order gives other alerts (-at once +shuffled):\n%s", seed, diff)
		}
		checkLog(t, other)
	}
}

// TestExceptionSurvivesACrash between its storing and its recheck, and between its removal and the recheck of that.
func TestExceptionSurvivesACrash(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	may := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
	w.add(slices.Concat(failures("ann", may, 6), failures("bob", may.AddDate(0, 0, 1), 6))...)
	w.drain()
	e := alert.Exception{ID: "0a", Tenant: w.tenant, Detection: "failed_logins", AlertID: w.idOf("ann"), Attributes: map[string][]string{"ipAddress": {"192.0.2.1"}}, MaxSeverity: "low",
		From: may, To: may.AddDate(0, 1, 0), Classification: "benign_positive", Reason: "a test", Author: "cleo", Created: w.now}
	states := func() []string {
		var all []string
		for _, a := range w.standing() {
			all = append(all, a.State())
		}
		return all
	}
	for _, removed := range []bool{false, true} {
		e.Removed, e.RemovedBy, e.RemovedAt = removed, "cleo", w.now
		if err := w.db.StoreException(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		want := []string{alert.StateSuppressed, alert.StateSuppressed}
		if removed {
			want = []string{alert.StateNew, alert.StateNew}
		}
		for range 2 {
			w.restart()
			w.drain()
			if diff := gocmp.Diff(want, states()); diff != "" {
				t.Errorf("removed %v, after a restart (-want +got):\n%s", removed, diff)
			}
		}
	}
	asked, err := w.db.RecheckReasons(t.Context(), w.tenant, "exception ")
	if err != nil || len(asked) != 2 {
		t.Errorf("rechecks asked for: %v %v, expected one for each of the two", asked, err)
	}
}

// TestExceptionOutlastsAMovedAnchor: an event that arrives late and begins the alert's episode earlier does not raise what an
// exception covers.
func TestExceptionOutlastsAMovedAnchor(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	may := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
	w.add(failures("ann", may, 6)...)
	w.drain()
	w.exceptOne(0, firstOf("ann", ""))
	w.add(failuresOf("ann", may.Add(-5*time.Minute), 4)...)
	w.drain()
	all := w.standing()
	if len(all) != 1 || !all[0].Anchor.Before(may) || all[0].State() != alert.StateSuppressed {
		t.Errorf("expected one suppressed alert with an earlier anchor: %+v", all)
	}
}

// refusing is a store that takes in no rechecks for a while, or after which the caller has gone.
type refusing struct {
	analytics.Store
	refuse bool
	stored func()
}

func (s *refusing) AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error {
	if s.refuse {
		return errors.New("the database does not answer")
	}
	return s.Store.AddRechecks(ctx, token, tenant, all)
}

func (s *refusing) StoreException(ctx context.Context, e alert.Exception) error {
	defer s.stored()
	return s.Store.StoreException(ctx, e)
}

// TestExceptionIsWhole: what was stored of an exception takes effect in the same process, when its recheck cannot be asked
// for at first and when the caller goes away; a call again makes no second one.
func TestExceptionIsWhole(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, "failed_logins", nil)
		may := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
		w.add(slices.Concat(failures("ann", may, 6), failures("bob", may.AddDate(0, 0, 1), 6))...)
		w.drain()
		store := &refusing{Store: w.db, stored: func() {}}
		r, err := analytics.New(t.Context(), analytics.Options{Tenant: w.tenant, Detections: w.tuned, Store: store, Log: w.log, Clock: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		w.runner = r
		w.drain()
		call := func(change func(ctx context.Context) error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if gone {
				store.stored = cancel
			}
			store.refuse = !gone
			if err := change(ctx); err != nil {
				t.Errorf("caller gone %v: %v", gone, err)
			}
			if !gone {
				if r.Status().Pending == 0 {
					t.Error("nothing is pending while a recheck is to be asked for")
				}
				if err := r.Drain(t.Context()); err == nil {
					t.Error("a round went well in which a recheck could not be asked for")
				}
			}
			store.refuse = false
			w.drain()
		}
		var made alert.Exception
		call(func(ctx context.Context) error {
			e, err := r.CreateException(ctx, alert.ExceptionRequest{AlertID: w.idOf("ann"), Attributes: []string{"ipAddress"}, Expires: may.AddDate(0, 0, 10), Classification: "benign_positive", Reason: "a test", Author: "cleo"})
			made = e
			return err
		})
		check := func(want string) {
			for _, a := range w.standing() {
				if a.State() != want {
					t.Errorf("caller gone %v: %s is %s, expected %s", gone, a.Key, a.State(), want)
				}
			}
		}
		check(alert.StateSuppressed)
		call(func(ctx context.Context) error { return r.DeleteException(ctx, made.ID, "cleo") })
		check(alert.StateNew)
		if list, err := r.ListExceptions(t.Context(), nil, true); err != nil || len(list) != 1 {
			t.Errorf("caller gone %v: %d exceptions %v, expected one", gone, len(list), err)
		}
	}
}

// TestExceptionsInBacktestAndReevaluation: both count what an exception covers as suppressed.
func TestExceptionsInBacktestAndReevaluation(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	may := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
	w.add(slices.Concat(failures("ann", may, 6), failures("bob", may.AddDate(0, 0, 1), 6), failures("cy", may.AddDate(0, 0, 25), 6))...)
	w.drain()
	w.exceptOne(0, firstOf("ann", ""))
	w.drain()
	b := w.backtester(0, w.db)
	b.Consider(w.runner.ExceptionsOf, w.db)
	results, _ := backtest(t, b, alert.BacktestRequest{Detections: []string{"failed_logins"}})
	r := results["failed_logins"]
	if r.Alerts.Proposed != 1 || r.Suppressed.Proposed != 2 || len(r.Suppressions) != 1 || !strings.HasPrefix(r.Suppressions[0].Reason, alert.ExceptionReason) || !strings.Contains(r.Suppressions[0].Description, "exception that a person made") {
		t.Errorf("backtest: %+v", r)
	}
	if shown := w.reevaluate(alert.ReevaluationRequest{}); shown.Total.Created+shown.Total.Changed+shown.Total.Withdrawn != 0 || shown.Total.Alerts != 1 {
		t.Errorf("re-evaluation: %+v", shown.Total)
	}
}

// TestExceptionsAreFoundAndListed, the newest first, with and without those that were taken back.
func TestExceptionsAreFoundAndListed(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	w.add(failures("ann", time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC), 6)...)
	w.drain()
	w.exceptOne(0, firstOf("ann", ""))
	w.now = w.now.Add(time.Minute)
	w.exceptOne(1, firstOf("ann", ""))
	ids := func(removed bool) []string {
		list, err := w.runner.ListExceptions(t.Context(), nil, removed)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range list {
			all = append(all, e.ID)
		}
		return all
	}
	if diff := gocmp.Diff([]string{w.exceptions[1], w.exceptions[0]}, ids(false)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	for range 2 { // taking back what was taken back changes nothing
		if err := w.runner.DeleteException(t.Context(), w.exceptions[1], "cleo"); err != nil {
			t.Fatal(err)
		}
	}
	w.restart()
	if diff := gocmp.Diff([]string{w.exceptions[0]}, ids(false)); diff != "" {
		t.Errorf("after one was taken back (-want +got):\n%s", diff)
	}
	if n := len(ids(true)); n != 2 {
		t.Errorf("%d with those that were taken back, expected 2", n)
	}
	e, err := w.runner.GetException(t.Context(), w.exceptions[1])
	if err != nil || !e.Removed || e.RemovedBy != "cleo" || e.Author != "analyst@example.com" {
		t.Errorf("the one that was taken back: %+v %v", e, err)
	}
	if _, err := w.runner.GetException(t.Context(), "none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("one that does not exist: %v", err)
	}
	if err := w.runner.DeleteException(t.Context(), "none", "cleo"); !fault.Is(err, fault.NotFound) {
		t.Errorf("taking back what does not exist: %v", err)
	}
	if _, err := w.runner.CreateException(t.Context(), alert.ExceptionRequest{AlertID: "none"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an exception of no alert: %v", err)
	}
}

// TestAScopeIsOfItsTime: a scope that is added later leaves the past as it was judged.
func TestAScopeIsOfItsTime(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	w.add(failures("ann", change.AddDate(0, 0, -10), 6)...)
	w.drain()
	w.retune(change, "failed_logins", map[string]analytics.Tuning{"failed_logins": {Scope: analytics.Scope{Exclude: analytics.Selection{Users: []string{"ANN", "bob"}}}}})
	w.add(slices.Concat(failures("ann", change.AddDate(0, 0, 10), 6), failures("bob", change.AddDate(0, 0, -9), 6), failures("cy", change.AddDate(0, 0, 10), 6))...)
	w.drain()
	got := map[string]string{}
	for _, a := range w.standing() {
		got[a.Key] = a.State() + strings.Join(a.SuppressedBy, ",")
	}
	if diff := gocmp.Diff(map[string]string{"ann-0522-0": "new", "bob-0523-0": "new", "ann-0611-0": "suppressedout_of_scope", "cy-0611-0": "new"}, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if v := w.runner.Versions("failed_logins"); len(v) != 2 || !strings.Contains(v[0].Scope, `"ann"`) {
		t.Errorf("versions: %+v", v)
	}
}

func TestScopeOfWhatIsNobody(t *testing.T) {
	definitions := []analytics.Definition{{ID: "d", Subjects: []string{"integration"}}}
	_, err := analytics.Tune(definitions, map[string]analytics.Tuning{"d": {Scope: analytics.Scope{Include: analytics.Selection{Users: []string{"a"}}}}})
	if err == nil || !strings.Contains(err.Error(), "its findings are not about people") {
		t.Errorf("a scope of a detection without people: %v", err)
	}
}
