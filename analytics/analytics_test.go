package analytics_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is a tenant of a database with an analysis on it, as one process would have it. The worlds of a test share the
// database, one after the other.
type world struct {
	t      testing.TB
	db     *clickhouse.DB
	tenant string
	tuned  []analytics.Detection
	now    time.Time
	keep   time.Duration
	// passes is how much time passes whenever somebody looks at the clock.
	passes  time.Duration
	ticking sync.Mutex
	// first is where the alert log was when the world began.
	first uint64
	// findings says that only they are looked at, not what is told beside them.
	findings bool

	log    *analytics.Log
	runner *analytics.Runner
	// exceptions are the ids of those that were made, in order.
	exceptions []string
	// applications are named by the configuration.
	applications map[string]string
}

var worlds int

// group is what shares a database: the cases of all detections, and the worlds of all other tests.
func group(t testing.TB) string {
	if name, _, _ := strings.Cut(t.Name(), "/"); name == "TestCases" {
		return name
	}
	return "worlds"
}

func newWorld(t testing.TB, only string, tuning map[string]analytics.Tuning) *world {
	t.Helper()
	w := closedWorld(t, only, tuning)
	w.restart()
	w.first = w.log.Head()
	return w
}

// newBareWorld is a world of which only the findings are looked at: alerts are not described, and no views are made for use by hand,
// which together cost more than the findings do.
func newBareWorld(t testing.TB, only string, tuning map[string]analytics.Tuning) *world {
	t.Helper()
	w := closedWorld(t, only, tuning)
	w.findings = true
	w.restart()
	w.first = w.log.Head()
	return w
}

// closedWorld is a world in which nothing runs yet.
func closedWorld(t testing.TB, only string, tuning map[string]analytics.Tuning) *world {
	t.Helper()
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	if only != "" {
		definitions = slices.DeleteFunc(definitions, func(d analytics.Definition) bool { return d.ID != only })
	}
	tuned, err := analytics.Tune(definitions, tuning)
	if err != nil {
		t.Fatal(err)
	}
	worlds++
	return &world{t: t, db: testkit.Shared(t, group(t)), tenant: fmt.Sprint("tenant-", worlds), tuned: tuned, now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// bare is a database without what the analysis does not need to find.
type bare struct{ *clickhouse.DB }

func (bare) DefineDetections(context.Context, []clickhouse.View) error { return nil }

func (bare) Circumstances(_ context.Context, _ string, _ time.Time, findings []*alert.Finding) ([]*alert.Context, error) {
	all := make([]*alert.Context, len(findings))
	for i := range all {
		all[i] = &alert.Context{}
	}
	return all, nil
}

func (bare) HoursSeen(context.Context, string, time.Time, time.Time, time.Time) ([]time.Time, error) {
	return nil, nil
}

func (bare) NamesInEvents(context.Context, string, time.Time, []string, []string, time.Time, time.Time) (map[string]alert.Named, error) {
	return nil, nil
}

// restart opens everything again, as a new process would.
func (w *world) restart() {
	w.t.Helper()
	ctx := w.t.Context()
	clock := func() time.Time {
		w.ticking.Lock()
		defer w.ticking.Unlock()
		w.now = w.now.Add(w.passes)
		return w.now
	}
	log, err := analytics.OpenLog(ctx, w.db, clock, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	w.log = log
	var store analytics.Store = w.db
	if w.findings {
		store = bare{w.db}
	}
	w.runner, err = analytics.New(ctx, analytics.Options{Tenant: w.tenant, Detections: w.tuned, Store: store, Log: log, Clock: clock, Retention: w.keep, Applications: w.applications,
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(events ...event.Event) {
	w.t.Helper()
	if len(events) == 0 {
		return
	}
	sequence := w.lastSequence()
	events = slices.Clone(events)
	for i := range events {
		sequence++
		events[i].Sequence, events[i].Tenant = sequence, w.tenant
	}
	if err := w.db.AppendEvents(w.t.Context(), fmt.Sprint("batch-", sequence), events); err != nil {
		w.t.Fatal(err)
	}
	written.last = sequence
	w.runner.Committed(sequence)
}

// written is the last sequence of an event, of the database that the worlds share: to ask for it costs more than to store an event.
var written struct {
	db   *clickhouse.DB
	last uint64
}

// lastSequence that was written.
func (w *world) lastSequence() uint64 {
	w.t.Helper()
	if written.db != w.db {
		last, err := w.db.LastEventSequence(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		written.db, written.last = w.db, last
	}
	return written.last
}

// know imports ranges as the service does.
func (w *world) know(cases []rangeCase) {
	w.t.Helper()
	if len(cases) == 0 {
		return
	}
	if err := w.runner.Know(w.t.Context(), buildRanges(w.t, w.tenant, cases)); err != nil {
		w.t.Fatal(err)
	}
}

// meet imports people as the service does.
func (w *world) meet(cases []personCase) {
	w.t.Helper()
	if len(cases) == 0 {
		return
	}
	if err := w.runner.KnowPeople(w.t.Context(), buildPeople(w.t, w.tenant, cases)); err != nil {
		w.t.Fatal(err)
	}
}

// drain evaluates until nothing is behind, and describes the alerts.
func (w *world) drain() {
	w.t.Helper()
	if w.findings {
		w.evaluate()
		return
	}
	if err := w.runner.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// evaluate is drain that describes only what is raised.
func (w *world) evaluate() {
	w.t.Helper()
	if err := w.runner.CatchUp(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// standing are the alerts that are not retracted, suppressed ones included, in a fixed order and without what differs
// between two ways to the same set: sequences and times of change.
func (w *world) standing() []alert.Alert {
	w.t.Helper()
	var all []alert.Alert
	var err error
	if len(w.tuned) == 1 { // half as dear as the list
		all, err = w.db.AlertsAnchored(w.t.Context(), w.tenant, w.tuned[0].ID, time.Unix(0, 0), time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC))
		all = slices.DeleteFunc(all, func(a alert.Alert) bool { return a.Retracted })
	} else {
		all, _, err = w.db.ListAlerts(w.t.Context(), w.tenant, alert.Filter{States: append([]string{alert.StateSuppressed}, alert.OpenStates...)}, alert.Order{}, 0, alert.Cursor{}, 10_000)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range all {
		a := &all[i]
		a.Sequence, a.Created, a.Updated, a.Actor = 0, time.Time{}, time.Time{}, ""
		a.ID, a.Tenant = a.Key, "" // the id holds the tenant, which differs
		a.SuppressedBy = w.numbered(a.SuppressedBy)
		if w.findings { // described when it was raised, and not again
			a.Context = nil
		}
		if c := a.Context; c != nil { // what others did is told as it was known then
			c.Described, c.Gaps = time.Time{}, nil
			for k := range c.Traits {
				c.Traits[k].OtherUsers = 0
			}
		}
	}
	slices.SortFunc(all, func(a, b alert.Alert) int {
		return cmp.Or(cmp.Compare(a.Detection, b.Detection), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// TestCases runs every file in detections/*/tests in a random order: in two batches where nothing is late, otherwise in one and then what
// is late, with a restart in between; the clock is behind every event, as that of a machine may be, which changes nothing, since no
// event came long before its time. That has to give the findings of the file, and where something is late, those of all at once. What
// is told beside the findings is compared for the first file of each detection with late events, late ranges and late people: for each of
// these it is looked at again in another way, which is the same for all files.
func TestCases(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		files := caseFiles(t, d.ID)
		if len(files) < 5 {
			t.Errorf("detection %s has %d tests; expected true positives, near misses, late arrival, cold start", d.ID, len(files))
		}
		seen := newAttributesSeen(d, len(files))
		described := map[string]bool{}
		for _, path := range files {
			t.Run(d.ID+"/"+filepath.Base(path), func(t *testing.T) {
				c := readCase(t, path)
				tuning := map[string]analytics.Tuning{d.ID: {Parameters: c.Parameters, Scope: c.Scope.build()}}
				events, after := c.build(t, c.Events), c.build(t, c.Late)
				begin := newBareWorld
				late := false
				for kind, n := range map[string]int{"events": len(c.Late), "ranges": len(c.LateRanges), "people": len(c.LateDirectory)} {
					late = late || n > 0
					if n > 0 && len(c.Findings) > 0 && !described[kind] {
						begin, described[kind] = newWorld, true
					}
				}
				steps := begin(t, d.ID, tuning)
				for _, e := range append(slices.Clone(events), after...) {
					if e.Time.Before(steps.now) {
						steps.now = e.Time.Add(-time.Minute)
					}
				}
				steps.know(c.Ranges)
				steps.meet(c.Directory)
				r := rand.New(rand.NewPCG(uint64(len(events)), 3))
				r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
				before := len(events)
				if !late {
					before = (before + 1) / 2
				}
				steps.add(events[:before]...)
				steps.drain()
				steps.restart()
				if !late {
					steps.add(events[before:]...)
					steps.drain()
				}
				steps.except(c.Exceptions)
				steps.add(after...)
				steps.drain()
				steps.know(c.LateRanges)
				steps.meet(c.LateDirectory)
				steps.drain()
				got := steps.standing()
				check(t, c, got)
				for _, a := range got {
					for _, reason := range a.SuppressedBy {
						if general := reason == "out_of_scope" || strings.HasPrefix(reason, "exception:"); !general && d.Suppressions[reason] == "" {
							t.Errorf("reason %s is not explained in suppressions of detection.yaml", reason)
						}
					}
				}
				seen.add(got)
				holdsBounds(t, &d, got, append(slices.Clone(events), after...))
				named := map[string]bool{steps.tenant: true}
				for _, e := range append(slices.Clone(events), after...) {
					for _, id := range []string{e.UserID, e.AffectedUserID, e.IPAddress, e.IntegrationKey, e.AccountID, e.OrganizationID} {
						named[id] = true
					}
				}
				for _, a := range got {
					if !named[a.Subject.ID] && !slices.Contains(d.Collective[a.Subject.Type], a.Subject.ID) {
						t.Errorf("%s %s is named by no event and not in collective of detection.yaml: a re-evaluation would pass it over", a.Subject.Type, a.Subject.ID)
					}
				}
				if !late {
					return // the order tests compare with all at once
				}
				whole := begin(t, d.ID, tuning)
				whole.know(append(slices.Clone(c.Ranges), c.LateRanges...))
				whole.meet(c.Directory)
				whole.meet(c.LateDirectory)
				whole.add(append(events, after...)...)
				whole.drain()
				whole.except(c.Exceptions)
				if diff := gocmp.Diff(whole.standing(), got); diff != "" {
					t.Errorf("late events make a difference (-at once +late):\n%s", diff)
				}
			})
		}
		seen.check(t)
	}
}

func check(t *testing.T, c testCase, got []alert.Alert) {
	t.Helper()
	type row struct {
		Subject, Key, Severity, Title, Start, End string
		Events                                    int
		SuppressedBy                              []string
		Evidence                                  map[string]any
	}
	var have, want []row
	for _, f := range c.Findings {
		evidence, _ := normal(f.Evidence).(map[string]any)
		want = append(want, row{f.Subject, f.Key, f.Severity, f.Title, f.Start, f.End, f.Events, append([]string{}, f.SuppressedBy...), evidence})
	}
	for i, a := range got {
		r := row{a.Subject.ID, a.Key, a.Severity, a.Title, a.Start.Format(time.RFC3339Nano), a.End.Format(time.RFC3339Nano), int(a.EventCount), append([]string{}, a.SuppressedBy...), map[string]any{}}
		if err := json.Unmarshal([]byte(a.Evidence), &r.Evidence); err != nil {
			t.Errorf("evidence of finding %d is no JSON object: %v", i, err)
		}
		have = append(have, r)
	}
	order := func(a, b row) int { return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Start, b.Start)) }
	slices.SortFunc(have, order)
	slices.SortFunc(want, order)
	for i := range min(len(have), len(want)) {
		w, h := &want[i], &have[i]
		h.Evidence = subset(h.Evidence, w.Evidence)
		if w.Evidence == nil {
			h.Evidence = nil
		}
		// what a case leaves open
		if w.Title == "" {
			h.Title = ""
		}
		if w.Key == "" {
			h.Key = ""
		}
		if w.End == "" {
			h.End = ""
		}
		if w.Events == 0 {
			h.Events = 0
		}
	}
	if diff := gocmp.Diff(want, have); diff != "" {
		t.Errorf("findings differ (-want +got):\n%s", diff)
	}
}

func TestAnyOrder(t *testing.T) {
	anyOrder(t, "", 2, randomHistory)
}

// disorders are what may come after a batch. Every random order meets each of them once: what depends on one alone is found by any seed.
var disorders = []func(*world){
	func(*world) {}, // evaluated with what comes next
	(*world).drain,
	(*world).evaluate,
	func(w *world) { // stopped before it was evaluated
		w.restart()
	},
	func(w *world) { // stopped when it was
		w.evaluate()
		w.restart()
	},
	func(w *world) { // stopped when its alerts were described, too
		w.drain()
		w.restart()
	},
}

// addInDisorder adds events in batches of random size, with each disorder once between them.
func (w *world) addInDisorder(r *rand.Rand, events []event.Event) {
	w.t.Helper()
	for i, k := range r.Perm(len(disorders)) {
		n := len(events) // the last batch has what is left
		if left := len(disorders) - i; left > 1 {
			n = min(n, 1+r.IntN(max(1, 2*n/left)))
		}
		w.add(events[:n]...)
		events = events[n:]
		disorders[k](w)
	}
}

// anyOrder plays random histories in random orders, in batches of random size with each disorder between them, and compares with
// the result of all events at once; only names a detection, or all when it is empty.
func anyOrder(t *testing.T, only string, seeds int, history func(*rand.Rand) []event.Event) {
	t.Helper()
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed-", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			events := history(r)
			whole := newWorld(t, only, nil)
			whole.add(events...)
			whole.drain()
			want := whole.standing()
			if len(want) == 0 {
				t.Fatal("the history has no findings: it tests nothing")
			}
			for i := range whole.tuned {
				holdsBounds(t, &whole.tuned[i].Definition, want, events)
			}
			shuffled := slices.Clone(events)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			other := newWorld(t, only, nil)
			other.addInDisorder(r, shuffled)
			other.drain()
			if diff := gocmp.Diff(want, other.standing()); diff != "" {
				t.Fatalf("another order gives other alerts (-at once +shuffled):\n%s", diff)
			}
			checkLog(t, other)
		})
	}
}

// checkLog reads the alert log from the start: no gap, and replaying it gives what stands.
func checkLog(t *testing.T, w *world) {
	t.Helper()
	state := map[string]string{}
	after := w.first
	for {
		page, err := w.db.ReadChanges(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if c.Tenant != w.tenant {
				t.Fatalf("change %d is of %s", c.Sequence, c.Tenant)
			}
			if c.Sequence != after+1 {
				t.Fatalf("change %d follows %d", c.Sequence, after)
			}
			if c.PreviousState != state[c.ID] {
				t.Fatalf("change %d: previous state %q, expected %q", c.Sequence, c.PreviousState, state[c.ID])
			}
			after, state[c.ID] = c.Sequence, c.State()
		}
	}
}

func randomHistory(r *rand.Rand) []event.Event {
	cities := []struct {
		name, country string
		lat, lon      float64
	}{{"Amsterdam", "NL", 52.37, 4.9}, {"Paris", "FR", 48.86, 2.35}, {"New York", "US", 40.71, -74.01}, {"Tokyo", "JP", 35.68, 139.69}, {"Utrecht", "NL", 52.09, 5.12}}
	var all []event.Event
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for user := range 4 {
		for i := range 60 {
			c := cities[0]
			if r.IntN(5) == 0 {
				c = cities[r.IntN(len(cities))]
			}
			// coarse times, so that ties and chains are common
			at := start.Add(time.Duration(r.IntN(12*24)) * time.Hour / 2)
			activity := []string{"logon", "download", "failed_logon", "send"}[r.IntN(4)]
			n := 1
			if activity == "failed_logon" && r.IntN(3) == 0 {
				n = 3 + r.IntN(6)
			}
			for k := range n {
				all = append(all, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("u%d-%03d-%d", user, i, k), Time: at.Add(time.Duration(k*(1+r.IntN(3))) * time.Minute), Arrival: at,
					UserID: fmt.Sprint("user-", user), UserEmail: []string{"", fmt.Sprintf("user%d@example.com", user)}[r.IntN(2)], Activity: activity, IPAddress: fmt.Sprint("192.0.2.", r.IntN(9)), Data: "{}", Raw: "{}",
					Place: event.Place{Kind: event.PlaceUser, Country: c.country, City: c.name, Latitude: c.lat, Longitude: c.lon}})
			}
		}
	}
	// what applications and administrators do, with the steps of a takeover by chance
	deeds := []struct{ activity, object, action string }{
		{"permission", "User", "AdministratorAdded"}, {"settings", "Account", "AuthenticationRequirementDisabled"}, {"connect", "ConnectConfiguration", "Created"}, {"user_management", "User", "Updated"},
	}
	for i := range 60 {
		at := start.Add(time.Duration(r.IntN(12*24)) * time.Hour / 2)
		e := event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("x%03d", i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", r.IntN(4)), IPAddress: fmt.Sprint("192.0.2.", r.IntN(9)), AccountID: "acme", Data: "{}", Raw: "{}"}
		d := deeds[r.IntN(len(deeds))]
		switch r.IntN(4) {
		case 0:
			e.Activity, e.IntegrationKey = "send", fmt.Sprint("app-", r.IntN(2))
		case 1: // by nobody known
			e.UserID, e.IPAddress = "", []string{"", e.IPAddress}[r.IntN(2)]
			e.Activity, e.Object, e.Action, e.Administrative = d.activity, d.object, d.action, true
		case 2:
			e.Activity, e.Object, e.Action = event.ActivityDocuSignAlert, "Alert", "TooManyLoginFailures"
		default:
			e.Activity, e.Object, e.Action, e.Administrative = d.activity, d.object, d.action, true
		}
		all = append(all, e)
	}
	return all
}

func TestPersonsWorkSurvives(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	ctx := context.Background()
	id := func(a alert.Alert) string { f := a.Finding; f.Tenant = w.tenant; return f.AlertID() }
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	fail := func(id string, minute int) event.Event {
		return event.Event{Tenant: "default", Source: "test", ID: id, Time: at.Add(time.Duration(minute) * time.Minute), Arrival: at, UserID: "u", Activity: "failed_logon", IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"}
	}
	w.add(fail("a", 2), fail("b", 3), fail("c", 4), fail("d", 5), fail("e", 6))
	w.drain()
	first := w.standing()
	if len(first) != 1 {
		t.Fatalf("%d alerts, expected 1", len(first))
	}
	_, err := w.log.SetTriage(ctx, w.tenant, id(first[0]), "ann", func(tr *alert.Triage) error {
		tr.State, tr.Assignee, tr.Classification = alert.StateResolved, "ann", alert.BenignPositive
		tr.Comments = append(tr.Comments, alert.Comment{Author: "ann", Text: "known", Time: at})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.add(fail("f", 7)) // it grows and keeps its id
	w.drain()
	grown := w.standing()
	if len(grown) != 1 || grown[0].ID != first[0].ID || grown[0].EventCount != 6 || grown[0].Triage.Assignee != "ann" || grown[0].Triage.State != alert.StateResolved {
		t.Fatalf("after growth: %+v", grown)
	}
	w.add(fail("z", 0)) // late, and before the anchor
	w.drain()
	moved := w.standing()
	if len(moved) != 1 || moved[0].ID == first[0].ID || moved[0].Triage.Assignee != "ann" || moved[0].Triage.State != alert.StateResolved || len(moved[0].Triage.Comments) != 1 {
		t.Fatalf("after the anchor moved: %+v", moved)
	}
	old, err := w.db.GetAlert(ctx, w.tenant, id(first[0]))
	if err != nil || !old.Retracted || old.SupersededBy != id(moved[0]) {
		t.Fatalf("the old alert: %+v, %v", old, err)
	}
	if _, err := w.log.SetTriage(ctx, w.tenant, old.ID, "ann", func(*alert.Triage) error { return nil }); err == nil {
		t.Error("a superseded alert could be changed")
	}
	checkLog(t, w)
}

func TestHeldEventsWaitForTheClock(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := w.now.Add(30 * time.Minute)
	var events []event.Event
	for i := range 6 {
		events = append(events, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprint("e", i), Time: at.Add(time.Duration(i) * time.Second), Arrival: w.now, UserID: "u", Activity: "failed_logon", Data: "{}", Raw: "{}"})
	}
	w.add(events...)
	w.drain()
	if got := w.standing(); len(got) != 0 {
		t.Fatalf("held events raised %d alerts", len(got))
	}
	if p := w.runner.Status().Pending; p != 0 {
		t.Errorf("held events are pending: %d", p)
	}
	w.restart()
	w.now = w.now.Add(29 * time.Minute)
	w.drain()
	if got := w.standing(); len(got) != 0 {
		t.Fatalf("too early: %d alerts", len(got))
	}
	w.now = w.now.Add(2 * time.Minute) // half an hour after they came: the clock is here
	w.drain()
	if got := w.standing(); len(got) != 1 {
		t.Fatalf("the clock has reached them: %d alerts, expected 1", len(got))
	}
}

// TestHeldEventsThatFallDueWithinARound are released by the next one.
func TestHeldEventsThatFallDueWithinARound(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	begin := w.now
	due := begin.Add(30 * time.Minute)
	held := failures("held", due, 6)
	for i := range held {
		held[i].Arrival = begin
	}
	w.add(held...)
	w.drain()
	w.now, w.passes = due.Add(-200*time.Millisecond), 90*time.Millisecond
	for i := range 5 {
		e := failures("other", begin, 1)
		e[0].ID = fmt.Sprint("other-", i)
		w.add(e...)
		w.drain()
	}
	w.passes = 0
	w.now = due.Add(time.Hour)
	w.add(failures("another", begin, 1)...)
	w.drain()
	w.expect("after all have fallen due", "held", "other")
}

// TestHeldEventsAreNobodysEvidence: an ordinary event of the same user causes an evaluation that must not see them.
func TestHeldEventsAreNobodysEvidence(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	at := func(id string, at time.Time, lat, lon float64) event.Event {
		return event.Event{Source: "test", ID: w.tenant + id, Time: at, Arrival: w.now, UserID: "u", Activity: "logon", Data: "{}", Raw: "{}",
			Place: event.Place{Kind: event.PlaceUser, Latitude: lat, Longitude: lon}}
	}
	w.add(at("ahead", w.now.Add(2*time.Hour), 35.68, 139.69))
	w.add(at("here", w.now, 52.37, 4.9))
	w.drain()
	if got := w.standing(); len(got) != 0 {
		t.Fatalf("a held event is evidence: %s", got[0].Title)
	}
	w.now = w.now.Add(3 * time.Hour)
	w.drain()
	if got := w.standing(); len(got) != 1 {
		t.Fatalf("the clock has reached it: %d alerts, expected 1", len(got))
	}
}

// TestReplacedEventsAreForgotten: the place of one of five failures is taken by a record that names somebody else.
func TestReplacedEventsAreForgotten(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := w.now.Add(-24 * time.Hour)
	var events []event.Event
	for i := range 5 {
		events = append(events, event.Event{Tenant: w.tenant, Source: "test", ID: fmt.Sprint(w.tenant, i), Time: at.Add(time.Duration(i) * time.Second), Arrival: at, UserID: "u", Activity: "failed_logon", Data: "{}", Raw: "{}"})
	}
	w.add(events...)
	w.drain()
	if len(w.standing()) != 1 {
		t.Fatal("no alert to begin with")
	}
	last := w.lastSequence()
	winner := events[2]
	winner.UserID, winner.ContentHash, winner.Sequence, winner.Activity = "other", 9, last+1, "download"
	if err := w.db.ReplaceEvents(t.Context(), "replace", []event.Event{winner}); err != nil {
		t.Fatal(err)
	}
	written.last++
	w.runner.Committed(last + 1)
	w.drain()
	if got := w.standing(); len(got) != 0 {
		t.Errorf("the alert stands with %d events", got[0].EventCount)
	}
}

// TestExpiredHistoryChangesNothing: what made a place familiar has expired; the finding stays suppressed.
func TestExpiredHistoryChangesNothing(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	w.keep = 100 * 24 * time.Hour
	w.restart()
	first := w.now.Add(-105 * 24 * time.Hour)
	at := func(id string, at time.Time, lat, lon float64) event.Event {
		return event.Event{Source: "test", ID: w.tenant + id, Time: at, Arrival: w.now, UserID: "u", Activity: "logon", Data: "{}", Raw: "{}",
			Place: event.Place{Kind: event.PlaceUser, Latitude: lat, Longitude: lon}}
	}
	var ids []string
	for i := range 4 {
		day := first.Add(time.Duration(i) * 24 * time.Hour)
		w.add(at(fmt.Sprint("a", i), day, 52.37, 4.9), at(fmt.Sprint("b", i), day.Add(12*time.Hour), 40.71, -74.01))
		ids = append(ids, w.tenant+fmt.Sprint("a", i), w.tenant+fmt.Sprint("b", i))
	}
	step := first.Add(8 * 24 * time.Hour)
	w.add(at("x", step, 52.37, 4.9), at("y", step.Add(time.Minute), 40.71, -74.01))
	w.drain()
	if got := w.standing(); len(got) != 1 || len(got[0].SuppressedBy) != 1 {
		t.Fatalf("no suppressed finding to begin with: %+v", got)
	}
	if err := w.db.DeleteEvents(t.Context(), w.tenant, ids); err != nil {
		t.Fatal(err)
	}
	w.add(at("late", step.Add(10*time.Minute), 40.71, -74.01))
	w.drain()
	if got := w.standing(); len(got) != 1 || len(got[0].SuppressedBy) != 1 {
		t.Errorf("expiry changed it: %+v", got)
	}
}

func TestExpiredEventsRetractNothing(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	w.keep = 100 * 24 * time.Hour
	w.restart()
	old := w.now.Add(-120 * 24 * time.Hour)
	var events []event.Event
	for i := range 6 {
		events = append(events, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprint("e", i), Time: old.Add(time.Duration(i) * time.Second), Arrival: old, UserID: "u", Activity: "failed_logon", Data: "{}", Raw: "{}"})
	}
	w.add(events...)
	w.drain()
	if len(w.standing()) != 1 {
		t.Fatal("no alert to begin with")
	}
	if err := w.db.DeleteEvents(w.t.Context(), w.tenant, []string{"e0", "e1", "e2"}); err != nil {
		t.Fatal(err)
	}
	w.add(event.Event{Tenant: "default", Source: "test", ID: "x", Time: old.Add(time.Hour), Arrival: old, UserID: "u", Activity: "failed_logon", Data: "{}", Raw: "{}"})
	w.drain()
	if len(w.standing()) != 1 {
		t.Error("the alert went with its expired events")
	}
}
