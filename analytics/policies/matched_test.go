package policies_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestMatchable: a policy can look at the alerts of every detection that comes along, but for those of which it is said why not.
func TestMatchable(t *testing.T) {
	entries, err := fs.ReadDir(detections.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "docusign_alert" {
			want = append(want, e.Name())
		}
	}
	if got := policy.FieldByName(policy.MatchedDetection).Values; !slices.Equal(got, want) {
		t.Errorf("matchable in internal/policy/field.go has %v, expected %v", got, want)
	}
}

// asked counts the questions about evidence, and what is read and stored of rechecks.
type asked struct {
	dying
	n, rechecks atomic.Int64
}

func (s *asked) EvidenceChanged(ctx context.Context, tenant string, ids []string, after, upto uint64, limit int) ([]clickhouse.Evidence, error) {
	s.n.Add(1)
	return s.dying.EvidenceChanged(ctx, tenant, ids, after, upto, limit)
}

func (s *asked) Rechecks(ctx context.Context, tenant string, after uint64) ([]clickhouse.Recheck, error) {
	s.rechecks.Add(1)
	return s.dying.Rechecks(ctx, tenant, after)
}

func (s *asked) AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error {
	s.rechecks.Add(1)
	return s.dying.AddRechecks(ctx, token, tenant, all)
}

func (s *asked) StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error {
	for name := range all {
		if strings.HasPrefix(name, "recheck/") {
			s.rechecks.Add(1)
		}
	}
	return s.dying.StoreCheckpoints(ctx, token, all)
}

// TestMatchedFollowsWhatPeopleDo: what people make of an alert changes nothing for those that stand on it, and an exception withdraws them; backtests and
// re-evaluations say so. A policy that looks at no alerts is asked nothing, and when such an alert grows nobody but those that look at it has to do with it.
func TestMatchedFollowsWhatPeopleDo(t *testing.T) {
	looked, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	looked = slices.DeleteFunc(looked, func(d analytics.Definition) bool { return d.ID != "envelope_voids" })
	tuned, err := analytics.Tune(looked, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, db: testkit.Shared(t, "cases"), tenant: "follows", now: time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC), looked: tuned}
	store := &asked{dying: dying{DB: s.db}}
	store.left.Store(-1)
	s.store = store
	s.restart()
	ctx := t.Context()
	since := s.now.Add(-24 * time.Hour)
	plain := single("plain", "void")
	plain.EffectiveFrom = since
	if _, err := s.book.Create(ctx, plain, "ann"); err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for i := range 10 {
		e := download(fmt.Sprint("v", i), "u", s.now.Add(time.Duration(i-60)*time.Minute))
		e.Activity, e.EnvelopeID = "void", fmt.Sprint("env-", i)
		events = append(events, e)
	}
	s.add(events...)
	if n := store.n.Load(); n != 0 {
		t.Errorf("a policy that looks at no alerts costs %d questions about them", n)
	}
	f := matching("envelope_voids")
	p := policy.Policy{ID: "on", Name: "on", Severity: "low", Key: policy.KeyUser, EffectiveFrom: since, Filter: &f, Condition: policy.Condition{Type: policy.Repeated, Count: 2, Within: policy.Duration(time.Hour)}}
	if _, err := s.book.Create(ctx, p, "ann"); err != nil {
		t.Fatal(err)
	}
	s.drain()
	want := func(what, keys string) {
		t.Helper()
		if got := s.alerts("policy_on"); got != keys {
			t.Errorf("%s: %q, expected %q", what, got, keys)
		}
	}
	want("to begin with", "v0")
	grown := download("v10", "u", s.now.Add(-50*time.Minute))
	grown.Activity, grown.EnvelopeID = "void", "env-10"
	store.rechecks.Store(0)
	s.add(grown)
	if all := s.anchored("policy_on"); len(all) != 1 || all[0].EventCount != 11 {
		t.Errorf("when the alert grew: %+v", all)
	}
	if n := store.rechecks.Load(); n != 0 {
		t.Errorf("an alert that grows costs those that do not look at it %d reads and writes", n)
	}
	x := s.anchored("envelope_voids")
	if len(x) != 1 {
		t.Fatalf("%d alerts to look at", len(x))
	}
	if _, err := s.log.SetTriage(ctx, s.tenant, x[0].ID, "bob", func(triage *alert.Triage) error {
		triage.State, triage.Classification = alert.StateResolved, "false_positive"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.drain()
	want("closed as a false positive", "v0")
	e, err := s.runner.CreateException(ctx, alert.ExceptionRequest{AlertID: x[0].ID, Attributes: []string{"subject"}, Expires: s.now.Add(24 * time.Hour), Classification: "benign_positive", Reason: "a test", Author: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	s.drain()
	want("with an exception", "")
	if err := s.runner.DeleteException(ctx, e.ID, "bob"); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.drain()
	want("without it", "v0")
	var notes []string
	if err := s.runner.Reevaluate(ctx, alert.ReevaluationRequest{Detections: []string{"envelope_voids"}, To: s.now}, func(alert.BacktestProgress) error { return nil }, func(r alert.ReevaluationResult) error {
		notes = r.Notes
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "policy_on") || strings.Contains(notes[0], "plain") {
		t.Errorf("a re-evaluation says %q", notes)
	}
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: s.tenant, Store: s.db, Clock: s.clock, Exceptions: s.runner.ExceptionsOf, People: s.db, Adopted: s.book.Detections})
	if err != nil {
		t.Fatal(err)
	}
	trial := policies.Trial{Book: s.book, Comparer: b}
	p.ID = "tried"
	found := -1
	if err := trial.Backtest(ctx, p, alert.BacktestRequest{}, func(alert.BacktestProgress) error { return nil }, func(r alert.BacktestResult) error {
		notes, found = r.Notes, r.Alerts.Proposed
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if found != 1 || len(notes) == 0 || !strings.Contains(strings.Join(notes, " "), "stored alerts of envelope_voids as they are now") {
		t.Errorf("a backtest finds %d and says %q", found, notes)
	}
	if err := s.book.Delete(ctx, "on", "", "ann"); err != nil {
		t.Fatal(err)
	}
	late := download("v11", "u", s.now.Add(-49*time.Minute))
	late.Activity, late.EnvelopeID = "void", "env-11"
	s.add(late)
	if all := s.anchored("policy_on"); len(all) != 1 || all[0].EventCount != 12 {
		t.Errorf("a late event of the time at which it was there: %+v", all)
	}
}
