package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
}

func (s *narrow) AlertsOfSubjects(context.Context, string, string, []string) ([]alert.Alert, error) {
	return nil, nil
}

func (s *narrow) Findings(ctx context.Context, c clickhouse.Call) (all []alert.Finding, err error) {
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
	s.seen = map[string]bool{}
	l, err := newLineage([]alert.DetectionVersion{{Detection: "d", Revision: 1, ValidFrom: beginning, ValidTo: forever, Logic: alert.Logic{Inputs: "{}"}}})
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{o: Options{Store: s, Log: &Log{life: t.Context(), writing: make(chan struct{}, 1), grown: make(chan struct{}), clock: time.Now, log: slog.New(slog.DiscardHandler)}, Clock: time.Now}, log: slog.New(slog.DiscardHandler), lineages: map[string]*lineage{"d": l},
		tooMuch: func(err error) string {
			if errors.Is(err, errTooMuch) {
				return "memory"
			}
			return ""
		}}
}

// TestOneFloodKeepsNobodyWaiting: a group that is too much is cut, everybody else is evaluated, and the status names whom
// it was too much for.
func TestOneFloodKeepsNobodyWaiting(t *testing.T) {
	s := &narrow{most: 3, flooded: "u07"}
	r := cutting(t, s)
	group := map[clickhouse.Subject]period{}
	for i := range 20 {
		group[clickhouse.Subject{Type: "user", ID: fmt.Sprintf("u%02d", i)}] = period{beginning, beginning.Add(time.Hour)}
	}
	err := r.evaluateAll(t.Context(), &Detection{Definition: Definition{ID: "d"}}, group, time.Now())
	if len(s.seen) != 19 {
		t.Errorf("%d subjects were evaluated, expected 19 of 20", len(s.seen))
	}
	if got := public(err); !strings.Contains(got, "user u07 alone") || !strings.Contains(got, "memory") || !strings.Contains(got, "others were evaluated") {
		t.Errorf("the status says %q", got)
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
