package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

// retune changes the settings and starts again, at a time.
func (w *world) retune(at time.Time, only string, tuning map[string]analytics.Tuning) {
	w.t.Helper()
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		w.t.Fatal(err)
	}
	if only != "" {
		definitions = slices.DeleteFunc(definitions, func(d analytics.Definition) bool { return d.ID != only })
	}
	if w.tuned, err = analytics.Tune(definitions, tuning); err != nil {
		w.t.Fatal(err)
	}
	now := w.now
	w.now = at
	w.restart()
	w.now = now
}

func threshold(n int) map[string]analytics.Tuning {
	return map[string]analytics.Tuning{"failed_logins": {Parameters: map[string]string{"threshold": fmt.Sprint(n)}}}
}

// failures of a user, a minute apart.
func failures(user string, at time.Time, n int) []event.Event {
	var all []event.Event
	for i := range n {
		all = append(all, event.Event{Source: "test", ID: fmt.Sprintf("%s-%s-%d", user, at.Format("0102"), i), Time: at.Add(time.Duration(i) * time.Minute), Arrival: at,
			UserID: user, Activity: "failed_logon", IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
	}
	return all
}

func (w *world) subjects() []string {
	w.t.Helper()
	var all []string
	for _, a := range w.standing() {
		all = append(all, a.Subject.ID)
	}
	slices.Sort(all)
	return all
}

func (w *world) expect(when string, want ...string) {
	w.t.Helper()
	if diff := gocmp.Diff(want, w.subjects()); diff != "" {
		w.t.Errorf("%s: alerts about (-want +got):\n%s", when, diff)
	}
}

// TestAChangeLeavesThePast: a lower threshold judges what happens from the change on; what happened before stays as it
// was judged, and is judged the same when its events come late.
func TestAChangeLeavesThePast(t *testing.T) {
	w := newWorld(t, "failed_logins", threshold(6))
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	before, after := change.AddDate(0, 0, -20), change.AddDate(0, 0, 1)
	w.add(slices.Concat(failures("six", before, 6), failures("five", before, 5))...)
	w.drain()
	w.expect("before the change", "six")

	w.retune(change, "failed_logins", threshold(5))
	w.drain()
	w.expect("after the change", "six")
	late := failures("five-late", before, 5)
	w.add(slices.Concat(late, failures("six-late", before, 6), failures("five-new", after, 5), failures("four-new", after, 4))...)
	w.drain()
	w.expect("late events", "five-new", "six", "six-late")
	w.add(failures("five", before.Add(24*time.Hour), 1)...) // a recheck of the user's month
	w.drain()
	w.expect("another event of last month", "five-new", "six", "six-late")

	for range 2 {
		w.restart()
	}
	versions := w.runner.Versions("failed_logins")
	if len(versions) != 2 || versions[0].Revision != 2 || !versions[0].ValidFrom.Equal(change) || versions[0].MadeBy != analytics.ByConfiguration || versions[1].ValidFrom.Year() != 1970 {
		t.Fatalf("versions after restarts: %+v", versions)
	}
	w.retune(change.AddDate(0, 1, 0), "failed_logins", threshold(6))
	if n := len(w.runner.Versions("failed_logins")); n != 3 {
		t.Errorf("%d versions after the change was taken back, expected 3", n)
	}
}

// TestAChangeBeforeTheFirstEvent covers everything: an import of the past is judged by what is configured.
func TestAChangeBeforeTheFirstEvent(t *testing.T) {
	w := newWorld(t, "failed_logins", threshold(6))
	w.retune(w.now, "failed_logins", threshold(5))
	w.add(failures("five", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), 5)...)
	w.drain()
	w.expect("the imported past", "five")
}

// TestAFindingGoesOnOverAChange: the version of its anchor decides it to its end.
func TestAFindingGoesOnOverAChange(t *testing.T) {
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{"before": change.Add(-3 * time.Minute), "after": change.Add(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "failed_logins", threshold(5))
			w.add(failures("earlier", change.AddDate(0, 0, -3), 1)...)
			w.drain()
			w.retune(change, "failed_logins", threshold(50))
			for _, e := range failures("flo", at, 8) {
				w.add(e)
				w.drain()
			}
			got := w.standing()
			if name == "after" {
				if len(got) != 0 {
					t.Fatalf("judged by the version before: %s", got[0].Title)
				}
				return
			}
			if len(got) != 1 || got[0].EventCount != 8 {
				t.Fatalf("%+v, expected one alert with 8 events", got)
			}
		})
	}
}

// TestAnyOrderOverAChange: all detections, settings that change in the middle of the history.
func TestAnyOrderOverAChange(t *testing.T) {
	change := time.Date(2026, 5, 6, 5, 45, 0, 0, time.UTC)
	first := map[string]analytics.Tuning{"failed_logins": {Parameters: map[string]string{"threshold": "4"}}, "impossible_travel": {Parameters: map[string]string{"speed_kmh": "900"}}}
	second := map[string]analytics.Tuning{"failed_logins": {Parameters: map[string]string{"threshold": "6"}}, "impossible_travel": {Parameters: map[string]string{"speed_kmh": "300"}}}
	r := rand.New(rand.NewPCG(11, 7))
	events := randomHistory(r)
	changed := func() *world {
		w := newWorld(t, "", first)
		w.add(events[0])
		w.drain()
		w.retune(change, "", second)
		return w
	}
	whole := changed()
	whole.add(events[1:]...)
	whole.drain()
	want := whole.standing()
	only := newWorld(t, "", first)
	only.add(events...)
	only.drain()
	if gocmp.Equal(want, only.standing()) {
		t.Fatal("the change makes no difference: it tests nothing")
	}
	shuffled := slices.Clone(events[1:])
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	other := changed()
	other.addInDisorder(r, shuffled)
	other.drain()
	if diff := gocmp.Diff(want, other.standing()); diff != "" {
		t.Fatalf("another order gives other alerts (-at once +shuffled):\n%s", diff)
	}
	checkLog(t, other)
}

// TestAnAlertIsFoundAgainByTheVersionThatJudgedIt: the SQL that it shows names that version's view.
func TestAnAlertIsFoundAgainByTheVersionThatJudgedIt(t *testing.T) {
	w := newWorld(t, "failed_logins", threshold(5))
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	w.add(failures("old", change.AddDate(0, 0, -10), 5)...)
	w.drain()
	w.retune(change, "failed_logins", threshold(7))
	w.add(failures("new", change.AddDate(0, 0, 10), 7)...)
	w.drain()
	views := map[string]string{}
	for _, a := range w.standing() {
		views[a.Subject.ID] = w.runner.View(&a)
		guide := analytics.Guide(w.tuned, nil, w.runner.View)(&a)
		found, err := w.db.Findings(t.Context(), clickhouse.Call{Detection: "by hand", Text: guide.Rerun, Tenant: w.tenant})
		if err != nil || len(found) != 1 || found[0].Key != a.Key {
			t.Errorf("%s finds %d: %v", guide.Rerun, len(found), err)
		}
	}
	if diff := gocmp.Diff(map[string]string{"old": "failed_logins_r1", "new": "failed_logins"}, views); diff != "" {
		t.Errorf("views (-want +got):\n%s", diff)
	}
}

// TestAnUnusableVersionStopsNothingElse: what it judges fails with its number, and the present goes on.
func TestAnUnusableVersionStopsNothingElse(t *testing.T) {
	w := newWorld(t, "failed_logins", threshold(5))
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	broken := w.runner.Versions("failed_logins")[0]
	broken.Revision, broken.SQL, broken.ValidTo, broken.MadeBy = 2, "SELECT a_column_of_long_ago FROM events", change, analytics.ByConfiguration
	if err := w.db.AddDetectionVersions(t.Context(), w.tenant, []alert.DetectionVersion{broken}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.add(failures("new", change.AddDate(0, 2, 0), 6)...)
	w.drain()
	w.expect("the present", "new")
	w.add(failures("old", change.AddDate(0, 0, -3), 6)...)
	if err := w.runner.Drain(t.Context()); err == nil {
		t.Fatal("the past was judged by a version that cannot be used")
	}
	shown := w.reevaluate(alert.ReevaluationRequest{From: change.AddDate(0, -6, 0), To: change})
	if _, err := w.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"failed_logins": shown.Token}, From: change.AddDate(0, -6, 0), To: change, Author: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.drain()
	w.expect("after it was replaced", "new", "old")
}
