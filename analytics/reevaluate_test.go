package analytics_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
)

func (w *world) reevaluate(q alert.ReevaluationRequest) alert.ReevaluationResult {
	w.t.Helper()
	var results []alert.ReevaluationResult
	fraction := 0.0
	err := w.runner.Reevaluate(w.t.Context(), q, func(p alert.BacktestProgress) error {
		if p.Fraction < fraction || p.Fraction > 1 {
			w.t.Errorf("progress goes from %v to %v", fraction, p.Fraction)
		}
		fraction = p.Fraction
		return nil
	}, func(r alert.ReevaluationResult) error { results = append(results, r); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	if len(results) != 1 {
		w.t.Fatalf("%d results, expected 1", len(results))
	}
	return results[0]
}

// lowered is a world in which the threshold went from 6 to 5 on the first of June, with failures in May and June.
func lowered(t *testing.T) (w *world, change time.Time) {
	t.Helper()
	w = newWorld(t, "failed_logins", threshold(6))
	change = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	w.add(failures("six", change.AddDate(0, 0, -20), 6)...)
	w.add(failures("five-early", change.AddDate(0, 0, -20), 5)...)
	w.add(failures("five-may", change.AddDate(0, 0, -10), 5)...)
	w.drain()
	w.retune(change, "failed_logins", threshold(5))
	w.add(failures("five-june", change.AddDate(0, 0, 2), 5)...)
	w.drain()
	w.expect("to begin with", "five-june", "six")
	return w, change
}

func TestReevaluationShowsThenApplies(t *testing.T) {
	w, change := lowered(t)
	_, err := w.log.SetTriage(t.Context(), w.tenant, w.idOf("six"), "ann", func(tr *alert.Triage) error {
		tr.State, tr.Assignee = alert.StateInProgress, "ann"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	from, to := change.AddDate(0, 0, -15), change
	all := w.reevaluate(alert.ReevaluationRequest{Detections: []string{"failed_logins"}, From: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)})
	if all.From.Year() != 1970 {
		t.Errorf("begins in %s, expected 1970", all.From)
	}
	if all.Total.Created != 2 || len(all.Days) < 2 || !slices.Equal(all.Revisions, []uint32{1, 2}) {
		t.Errorf("over the whole past: %+v", all)
	}
	shown := w.reevaluate(alert.ReevaluationRequest{From: from, To: to})
	if shown.Total.Created != 1 || shown.Total.Withdrawn != 0 || shown.Total.Alerts != 1 || shown.Total.AlertsNow != 0 || len(shown.Examples) != 1 || shown.Examples[0].Subject.ID != "five-may" ||
		len(shown.Days) != 1 || shown.Days[0].Date != "2026-05-22" || shown.Days[0].Created != 1 || !slices.Equal(shown.Revisions, []uint32{1}) {
		t.Fatalf("the difference: %+v", shown)
	}
	w.drain()
	w.expect("after the preview", "five-june", "six")

	order := alert.ReevaluationOrder{Tokens: map[string]string{"failed_logins": shown.Token}, From: from, To: to, Author: "ann"}
	made, err := w.runner.ApplyReevaluation(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	w.drain()
	w.expect("after it was applied", "five-june", "five-may", "six")
	if len(made) != 1 || made[0].Revision != 3 || made[0].MadeBy != "ann" {
		t.Errorf("versions made: %+v", made)
	}
	if again := w.reevaluate(alert.ReevaluationRequest{From: from, To: to}); again.Total.Created+again.Total.Changed+again.Total.Withdrawn != 0 || again.Total.Unchanged != 1 {
		t.Errorf("the difference after it was applied: %+v", again.Total)
	}
	w.restart()
	w.add(failures("late", from.Add(24*time.Hour), 5)...)
	w.add(failures("late-before", from.Add(-24*time.Hour), 5)...)
	w.drain()
	w.expect("late events of the span", "five-june", "five-may", "late", "six")
	versions := w.runner.Versions("failed_logins")
	if len(versions) != 3 {
		t.Errorf("%d versions after a restart, expected 3: the present one is still the second", len(versions))
	}

	// what a person did outlives the whole past being judged again
	everything := w.reevaluate(alert.ReevaluationRequest{From: change.AddDate(0, 0, -40), To: to})
	order.Tokens["failed_logins"], order.From = everything.Token, everything.From
	if _, err := w.runner.ApplyReevaluation(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	w.drain()
	w.expect("all of the past", "five-early", "five-june", "five-may", "late", "late-before", "six")
	if six, err := w.db.GetAlert(t.Context(), w.tenant, w.idOf("six")); err != nil || six.Triage.Assignee != "ann" || six.State() != alert.StateInProgress {
		t.Errorf("what a person did: %+v %v", six.Triage, err)
	}
	checkLog(t, w)
}

// TestReevaluationJudgesWhatStandsForMany: a distributed spray is named by no event, and applies like any other finding.
func TestReevaluationJudgesWhatStandsForMany(t *testing.T) {
	addresses := func(n string) map[string]analytics.Tuning {
		return map[string]analytics.Tuning{"failed_logins": {Parameters: map[string]string{"distributed_addresses": n}}}
	}
	c := readCase(t, "detections/failed_logins/tests/distributed_spraying.yaml")
	w := newWorld(t, "failed_logins", addresses("7"))
	w.add(append(c.build(t, c.Events), c.build(t, c.Late)...)...)
	w.drain()
	w.expect("to begin with")
	for _, step := range []struct {
		addresses string
		subjects  []string
	}{{"6", []string{"distributed"}}, {"7", nil}} {
		w.now = w.now.Add(time.Hour)
		w.retune(w.now, "failed_logins", addresses(step.addresses))
		w.drain()
		shown := w.reevaluate(alert.ReevaluationRequest{})
		if shown.Total.Created+shown.Total.Withdrawn != 1 {
			t.Errorf("with %s addresses the difference is %+v", step.addresses, shown.Total)
		}
		if _, err := w.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"failed_logins": shown.Token}, From: shown.From, To: shown.To, Author: "ann"}); err != nil {
			t.Fatal(err)
		}
		w.drain()
		w.expect("applied with "+step.addresses, step.subjects...)
	}
}

// idOf is the id of the one alert about a subject.
func (w *world) idOf(subject string) string {
	w.t.Helper()
	for _, a := range w.standing() {
		if a.Subject.ID == subject {
			f := a.Finding
			f.Tenant = w.tenant
			return f.AlertID()
		}
	}
	w.t.Fatalf("no alert about %s", subject)
	return ""
}

// TestReevaluationWithdraws: a higher threshold, and what applies is what was shown.
func TestReevaluationWithdraws(t *testing.T) {
	w, change := lowered(t)
	w.retune(change.AddDate(0, 0, 10), "failed_logins", threshold(7))
	from, to := change.AddDate(0, 0, -30), change.AddDate(0, 0, 10)
	shown := w.reevaluate(alert.ReevaluationRequest{From: from, To: to})
	if shown.Total.Withdrawn != 2 || shown.Total.Created != 0 || shown.Total.Alerts != 0 || shown.Total.AlertsNow != 2 {
		t.Fatalf("the difference: %+v", shown.Total)
	}
	if _, err := w.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"failed_logins": shown.Token}, From: from, To: to, Author: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.drain()
	if got := w.subjects(); len(got) != 0 {
		t.Errorf("alerts about %v still stand", got)
	}
}

// TestReevaluationRefuses what was not shown.
func TestReevaluationRefuses(t *testing.T) {
	w, change := lowered(t)
	from, to := change.AddDate(0, 0, -15), change
	shown := w.reevaluate(alert.ReevaluationRequest{From: from, To: to})
	order := func(token string, from, to time.Time) error {
		_, err := w.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"failed_logins": token}, From: from, To: to, Author: "ann"})
		return err
	}
	refused := func(what string, err error, says string) {
		t.Helper()
		if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected a refusal that says %q", what, err, says)
		}
	}
	refused("another span", order(shown.Token, from, to.Add(-time.Hour)), "has changed since it was shown")
	refused("a span without end", order(shown.Token, to, from), "is not after startTime")
	refused("the future", order(shown.Token, from, w.now.Add(time.Hour)), "is in the future")
	if _, err := w.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"nothing": shown.Token}, From: from, To: to, Author: "ann"}); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("an unknown detection: %v", err)
	}
	w.retune(change.AddDate(0, 0, 20), "failed_logins", threshold(4))
	refused("another version", order(shown.Token, from, to), "has changed since it was shown")
	w.drain()
	w.expect("after the refusals", "five-june", "six")
	stop := errors.New("enough")
	if err := w.runner.Reevaluate(t.Context(), alert.ReevaluationRequest{}, func(alert.BacktestProgress) error { return stop }, func(alert.ReevaluationResult) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("an error of the receiver: %v", err)
	}
}

// TestReevaluationWaitsForNoReader: while somebody does not read what a re-evaluation and a backtest say, others get theirs.
func TestReevaluationWaitsForNoReader(t *testing.T) {
	w, _ := lowered(t)
	b := w.backtester(0, w.db)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	reading, read := make(chan struct{}), make(chan struct{}, 100)
	stuck := func(alert.BacktestProgress) error {
		read <- struct{}{}
		<-reading
		return nil
	}
	var others sync.WaitGroup
	var results atomic.Int32
	others.Go(func() {
		if err := w.runner.Reevaluate(ctx, alert.ReevaluationRequest{}, stuck, func(alert.ReevaluationResult) error { results.Add(1); return nil }); err != nil {
			t.Errorf("the one that was not read: %v", err)
		}
	})
	others.Go(func() {
		if err := b.Backtest(ctx, alert.BacktestRequest{Detections: []string{"failed_logins"}}, stuck, func(alert.BacktestResult) error { results.Add(1); return nil }); err != nil {
			t.Errorf("the backtest that was not read: %v", err)
		}
	})
	<-read
	<-read
	goOn := func(alert.BacktestProgress) error { return nil }
	err := errors.Join(w.runner.Reevaluate(ctx, alert.ReevaluationRequest{}, goOn, func(alert.ReevaluationResult) error { return nil }),
		b.Backtest(ctx, alert.BacktestRequest{Detections: []string{"failed_logins"}}, goOn, func(alert.BacktestResult) error { return nil }))
	if err != nil {
		t.Errorf("others while nobody reads: %v", err)
	}
	close(reading)
	others.Wait()
	if results.Load() != 2 {
		t.Errorf("%d results reached those that read again, expected 2", results.Load())
	}
}

// TestReevaluationSurvivesACrash between its version and its recheck.
func TestReevaluationSurvivesACrash(t *testing.T) {
	w, change := lowered(t)
	present := w.runner.Versions("failed_logins")[0]
	v := present
	v.Revision, v.ValidFrom, v.ValidTo, v.MadeBy = 3, change.AddDate(0, 0, -15), change, "ann"
	if err := w.db.AddDetectionVersions(t.Context(), w.tenant, []alert.DetectionVersion{v}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.restart()
		w.drain()
		w.expect("after a restart", "five-june", "five-may", "six")
	}
	asked, err := w.db.Rechecks(t.Context(), w.tenant, 0)
	if err != nil {
		t.Fatal(err)
	}
	asked = slices.DeleteFunc(asked, func(c clickhouse.Recheck) bool { return !strings.HasPrefix(c.Reason, "reevaluation") })
	if len(asked) != 1 {
		t.Errorf("%d rechecks, expected 1", len(asked))
	}
}

// TestReevaluationOfWhatIsLive finds no difference, to the last field, for every detection.
func TestReevaluationOfWhatIsLive(t *testing.T) {
	w := newWorld(t, "", nil)
	w.add(randomHistory(rand.New(rand.NewPCG(5, 7)))...)
	w.drain()
	err := w.runner.Reevaluate(t.Context(), alert.ReevaluationRequest{}, func(alert.BacktestProgress) error { return nil }, func(r alert.ReevaluationResult) error {
		if r.Total.Created+r.Total.Changed+r.Total.Withdrawn != 0 {
			t.Errorf("%s differs: %+v", r.Detection, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(analytics.ByConfiguration, w.runner.Versions("failed_logins")[0].MadeBy); diff != "" {
		t.Error(diff)
	}
}
