package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestPartOfADay: a span that begins or ends within a day counts the limit of the day from the day's start, and what it changes of the
// rest of the day is shown before it happens.
func TestPartOfADay(t *testing.T) {
	s := newService(t, "part of a day")
	day := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)
	p := single("part", "download")
	p.MaxAlertsPerDay, p.EffectiveFrom = 2, day
	if _, err := s.book.Create(t.Context(), p, "ann"); err != nil {
		t.Fatal(err)
	}
	hour := func(h float64) time.Time { return day.Add(time.Duration(h * float64(time.Hour))) }
	for i := range 6 {
		e := download(fmt.Sprint("h", i+1), "u", hour(float64(i+1)))
		s.add(e)
	}
	const limited = " " + analytics.DailyLimit
	if got := s.alerts("policy_part"); got != "h1, h2, h3"+limited+", h4"+limited+", h5"+limited+", h6"+limited {
		t.Fatal(got)
	}
	p.MaxAlertsPerDay = 3
	if _, err := s.update(p, ""); err != nil {
		t.Fatal(err)
	}
	shown := func(from, to float64) (out alert.ReevaluationResult) {
		t.Helper()
		err := s.runner.Reevaluate(t.Context(), alert.ReevaluationRequest{Detections: []string{"policy_part"}, From: hour(from), To: hour(to)},
			func(alert.BacktestProgress) error { return nil }, func(r alert.ReevaluationResult) error { out = r; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if r := shown(3.5, 5.5); r.Total.Changed != 0 || r.Total.Alerts != 0 || r.Total.Unchanged != 2 {
		t.Errorf("three have the places before: %+v", r.Total)
	}
	if r := shown(2.5, 5.5); r.Total.Changed != 1 || r.Total.Alerts != 1 {
		t.Errorf("one place is left: %+v", r.Total)
	}
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: s.tenant, Store: s.db, Clock: s.clock, Exceptions: s.runner.ExceptionsOf, People: s.db, Adopted: s.book.Detections})
	if err != nil {
		t.Fatal(err)
	}
	var back alert.BacktestResult
	err = policies.Trial{Book: s.book, Comparer: b}.Backtest(t.Context(), p, alert.BacktestRequest{From: hour(2.5), To: hour(5.5)}, func(alert.BacktestProgress) error { return nil }, func(r alert.BacktestResult) error { back = r; return nil })
	if err != nil || back.Alerts.Proposed != 1 || back.Suppressed.Proposed != 2 {
		t.Errorf("the backtest of a part: %+v, %v", back, err)
	}

	// the first one is no alert any more: its place goes to another, after the span, which the version from before judges with its limit of two
	p.Filter = single("part", "export").Filter
	if _, err := s.update(p, ""); err != nil {
		t.Fatal(err)
	}
	r := shown(0.5, 1.5)
	if r.Total.Withdrawn != 1 || r.Total.Changed != 1 || r.Total.Alerts != 1 || len(r.Examples) != 2 || !strings.HasPrefix(r.Examples[0].Kind, alert.ChangeUpdated) || !r.Examples[0].Anchor.Equal(hour(3)) {
		t.Errorf("what follows of it: %+v", r)
	}
	if _, err := s.runner.ApplyReevaluation(t.Context(), alert.ReevaluationOrder{Tokens: map[string]string{"policy_part": r.Token}, From: hour(0.5), To: hour(1.5), Author: "ann"}); err != nil {
		t.Fatal(err)
	}
	s.drain()
	if got := s.alerts("policy_part"); got != "h2, h3, h4"+limited+", h5"+limited+", h6"+limited {
		t.Error(got)
	}
}
