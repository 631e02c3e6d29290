package analytics

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/status"
)

var errTooMuch = errors.New("too much memory")

// small is a store of ten days with a finding an hour that cannot evaluate more than a while at once.
type small struct {
	begin time.Time
	while time.Duration
	// limited says that no call with a limit has enough.
	limited bool
}

func (s small) EventDays(context.Context, string, time.Time, time.Time) ([]clickhouse.EventDay, error) {
	var all []clickhouse.EventDay
	for i := range 10 {
		all = append(all, clickhouse.EventDay{Day: s.begin.AddDate(0, 0, i), Events: 24})
	}
	return all, nil
}

func (s small) CountEventsOf(context.Context, string, []string) (uint64, error) { return 0, nil }

func (s small) InputCounts(context.Context, string, time.Time, time.Time) (map[clickhouse.Input]clickhouse.InputCount, error) {
	return nil, nil
}

func (s small) UnknownActivities(context.Context, time.Time) ([]status.UnknownActivity, error) {
	return nil, nil
}

func (s small) Candidates(context.Context, clickhouse.Call) ([]string, error) { return nil, nil }

func (s small) EachFinding(_ context.Context, c clickhouse.Call, each func(alert.Finding) error) error {
	if c.To.Sub(c.From) > s.while || s.limited && c.MaxMemory > 0 {
		return errTooMuch
	}
	for i := range 240 {
		at := s.begin.Add(time.Duration(i) * time.Hour)
		if at.Before(c.From) || at.After(c.To) {
			continue
		}
		f := alert.Finding{Detection: c.Detection, Subject: alert.Subject{Type: "user", ID: "u"}, Key: fmt.Sprint(i), Anchor: at, Start: at, End: at, Severity: "low"}
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}

// TestBacktestCutsWhatNeedsTooMuchMemory: every finding is still counted once; what cannot be cut any more fails.
func TestBacktestCutsWhatNeedsTooMuchMemory(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, while := range []time.Duration{500 * time.Hour, 30 * time.Hour, 100 * time.Minute, time.Minute} {
		b, err := NewBacktester(BacktestOptions{Definitions: []Definition{{ID: "d", LookBack: time.Hour}}, Store: small{begin: begin, while: while}, Clock: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		b.tooMuch = func(err error) bool { return errors.Is(err, errTooMuch) }
		counted := 0
		err = b.Backtest(t.Context(), alert.BacktestRequest{}, func(alert.BacktestProgress) error { return nil },
			func(r alert.BacktestResult) error { counted = r.Alerts.Proposed; return nil })
		if while < shortest {
			if !errors.Is(err, errTooMuch) {
				t.Errorf("%v at once: error %v", while, err)
			}
			continue
		}
		if err != nil || counted != 240 {
			t.Errorf("%v at once: %d findings, expected 240: %v", while, counted, err)
		}
	}
}

// TestBacktestEndsWhereNoLimitSuffices: what a detection looks back on may alone need more than a backtest's share; then it has what any statement has.
func TestBacktestEndsWhereNoLimitSuffices(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b, err := NewBacktester(BacktestOptions{Definitions: []Definition{{ID: "d", LookBack: time.Hour}}, Store: small{begin: begin, while: 500 * time.Hour, limited: true}, Clock: time.Now, MaxMemory: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.tooMuch = func(err error) bool { return errors.Is(err, errTooMuch) }
	counted := 0
	err = b.Backtest(t.Context(), alert.BacktestRequest{}, func(alert.BacktestProgress) error { return nil },
		func(r alert.BacktestResult) error { counted = r.Alerts.Proposed; return nil })
	if err != nil || counted != 240 {
		t.Errorf("%d findings, expected 240: %v", counted, err)
	}
}
