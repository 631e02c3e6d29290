package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// narrow is a store that evaluates no more than a few subjects at once, one of which is always too much.
type narrow struct {
	Store
	few     small
	most    int
	flooded string
	seen    map[string]bool
	// calls of the view for the one that is too much.
	calls int
	// affected are the subjects of each call of affected.sql.
	affected [][]string
	rechecks []clickhouse.Recheck
	stored   map[string]clickhouse.Checkpoint
}

func (s *narrow) ChangedSpans(context.Context, clickhouse.SpanQuery) (all []clickhouse.Span, err error) {
	for i := range 20 {
		all = append(all, clickhouse.Span{Subject: clickhouse.Subject{Type: "user", ID: fmt.Sprintf("u%02d", i)}, First: floodAt, Last: floodAt.Add(time.Hour)})
	}
	return all, nil
}

func (s *narrow) EarliestHeld(context.Context, string, time.Time) (time.Time, error) {
	return time.Time{}, nil
}

func (s *narrow) LastRecheck(context.Context) (uint64, error) { return uint64(len(s.rechecks)), nil }

func (s *narrow) AddRechecks(_ context.Context, _, _ string, all []clickhouse.Recheck) error {
	s.rechecks = append(s.rechecks, all...)
	return nil
}

func (s *narrow) Rechecks(_ context.Context, _ string, after uint64) ([]clickhouse.Recheck, error) {
	return s.rechecks[after:], nil
}

func (s *narrow) StoreCheckpoints(_ context.Context, _ string, all map[string]clickhouse.Checkpoint) error {
	maps.Copy(s.stored, all)
	return nil
}

func (s *narrow) Affected(_ context.Context, _, _, _ string, changed map[string][]string, first, last, _ time.Time, _ []clickhouse.Argument) ([]clickhouse.Span, error) {
	if len(changed["user"]) > s.most || last.Sub(first) > shortest {
		return nil, errTooMuch
	}
	s.affected = append(s.affected, changed["user"])
	return []clickhouse.Span{{Subject: clickhouse.Subject{Type: "user", ID: "other"}, First: first, Last: last}}, nil
}

var floodAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *narrow) AlertsOfSubjects(context.Context, string, string, []string) ([]alert.Alert, error) {
	return nil, nil
}

func (s *narrow) Findings(ctx context.Context, c clickhouse.Call) (all []alert.Finding, err error) {
	if slices.Equal(c.Subjects, []string{s.flooded}) {
		s.calls++
	}
	if len(c.Subjects) > s.most || slices.Contains(c.Subjects, s.flooded) {
		return nil, errTooMuch
	}
	for _, id := range c.Subjects {
		s.seen[id] = true
	}
	if s.few.while > 0 {
		err = s.few.EachFinding(ctx, c, func(f alert.Finding) error {
			all = append(all, f)
			return nil
		})
	}
	return all, err
}

func cutting(t *testing.T, s *narrow) *Runner {
	t.Helper()
	s.seen, s.stored = map[string]bool{}, map[string]clickhouse.Checkpoint{}
	l, err := newLineage([]alert.DetectionVersion{{Detection: "d", Revision: 1, ValidFrom: beginning, ValidTo: forever, Logic: alert.Logic{SQL: "SELECT 1", Inputs: "{}", Subjects: []string{"user"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{o: Options{Store: s, Log: &Log{life: t.Context(), writing: make(chan struct{}, 1), grown: make(chan struct{}), clock: time.Now, log: slog.New(slog.DiscardHandler)}, Clock: time.Now, Step: 100}, detections: []*Detection{{Definition: Definition{ID: "d"}}}, metrics: newMetrics(nil, nil), state: map[string]*progress{"d": {}}, log: slog.New(slog.DiscardHandler), lineages: map[string]*lineage{"d": l},
		tooMuch: func(err error) string {
			if errors.Is(err, errTooMuch) {
				return "memory"
			}
			return ""
		}}
}

// TestOneFloodKeepsNobodyWaiting: a group that is too much is cut, everybody else is evaluated and the detection goes on; the
// status names whom it was too much for, who is tried again after a pause until all is well.
func TestOneFloodKeepsNobodyWaiting(t *testing.T) {
	s := &narrow{most: 3, flooded: "u07"}
	r := cutting(t, s)
	flooded := clickhouse.Subject{Type: "user", ID: "u07"}
	for head := uint64(100); head <= 300; head += 100 { // more comes in meanwhile
		r.head.Store(head)
		if !r.round(t.Context()) {
			t.Errorf("the round to %d did not go well", head)
		}
		if got := s.stored[r.checkpointName("d")].Position; got != head {
			t.Errorf("the checkpoint is at %d, expected %d", got, head)
		}
	}
	if len(s.seen) != 19 || s.calls != 1 {
		t.Errorf("%d subjects were evaluated, expected 19 of 20; %d tries of the one, expected 1", len(s.seen), s.calls)
	}
	if len(s.rechecks) != 1 || s.rechecks[0].Subject != flooded || s.rechecks[0].Reason != clickhouse.ReasonTooMuch || s.rechecks[0].First.After(floodAt) || s.rechecks[0].Last.Before(floodAt.Add(time.Hour)) {
		t.Errorf("what is kept for the next process: %+v", s.rechecks)
	}
	if got := r.Status().Detections["d"].LastError; !strings.Contains(got, "user u07 alone") || !strings.Contains(got, "memory") || !strings.Contains(got, "others were evaluated") {
		t.Errorf("the status says %q", got)
	}
	again := func() {
		t.Helper()
		r.state["d"].postponed[flooded].notBefore = time.Time{}
		if !r.behind() || !r.round(t.Context()) {
			t.Error("the one was not tried again")
		}
	}
	again()
	if p := r.state["d"].postponed[flooded]; s.calls < 2 || p.tries != 2 || time.Until(p.notBefore) < firstPostponement {
		t.Errorf("after another try: %d calls, %+v", s.calls, p)
	}
	s.flooded = ""
	again()
	if got := r.Status().Detections["d"].LastError; !s.seen["u07"] || got != "" || len(s.rechecks) != 2 || s.rechecks[1].Reason != clickhouse.ReasonEvaluated {
		t.Errorf("at last: evaluated %v, the status says %q, kept are %+v", s.seen["u07"], got, s.rechecks)
	}
}

// TestChangesAreCut: where affected.sql exceeds a limit, it is asked about fewer changes, and then about less of their time.
func TestChangesAreCut(t *testing.T) {
	s := &narrow{most: 3}
	r := cutting(t, s)
	inputs, _ := s.ChangedSpans(t.Context(), clickhouse.SpanQuery{})
	for i := range inputs {
		inputs[i].Last = inputs[i].First.Add(2 * shortest)
	}
	all, err := r.affected(t.Context(), &version{DetectionVersion: alert.DetectionVersion{Detection: "d"}}, inputs, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, ids := range s.affected {
		for _, id := range ids {
			asked[id]++
		}
	}
	var whole time.Duration
	for _, o := range all {
		whole += o.Last.Sub(o.First)
	}
	if len(asked) != 20 || whole < 20*2*shortest-time.Second {
		t.Errorf("asked about %v, over %s", asked, whole)
	}
}

// TestAPeriodIsCut: a subject whose whole period is too much is asked for in parts, and has each finding once.
func TestAPeriodIsCut(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &narrow{most: 1, few: small{begin: begin, while: 30 * time.Hour}}
	r := cutting(t, s)
	found, err := r.findingsOrCut(t.Context(), clickhouse.Call{Detection: "d", From: begin, To: begin.AddDate(0, 0, 10), Subjects: []string{"u"}})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, f := range found {
		keys[f.Key] = true
	}
	if len(found) != 240 || len(keys) != 240 {
		t.Errorf("%d findings with %d keys, expected 240", len(found), len(keys))
	}
}
