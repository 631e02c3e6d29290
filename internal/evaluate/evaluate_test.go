package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// store is a made-up database: a rule's text says what it finds.
type store struct {
	at map[string]time.Time
	// order of the failed log-ons by user.
	failures map[string][]string
}

func (s *store) EventID(item simulate.Item) (string, error) { return item.ID, nil }

func (s *store) Ingest(_ context.Context, items []simulate.Item) error {
	for _, item := range items {
		text := item.JSON
		var r struct {
			EventID, UserID, Action string
			Timestamp               time.Time
		}
		if err := json.Unmarshal(text, &r); err != nil {
			return err
		}
		if _, again := s.at[r.EventID]; !again && r.Action == "LoginFailed" {
			s.failures[r.UserID] = append(s.failures[r.UserID], r.EventID)
		}
		s.at[r.EventID] = r.Timestamp
	}
	return nil
}

// errRefused is what a rule with the threshold 0 ends with, and one below 0 when it is asked about the past.
var errRefused = errors.New("the engine refuses the statement")

// Findings reports users with more failures than the rule's text says, as known at the time.
func (s *store) Findings(_ context.Context, c clickhouse.Call) ([]alert.Finding, error) {
	var threshold int
	if _, err := fmt.Sscanf(c.Text, "SELECT %d", &threshold); err != nil {
		return nil, err
	}
	if threshold == 0 || threshold < 0 && !c.Known.IsZero() {
		return nil, errRefused
	}
	line := c.To
	if !c.Known.IsZero() {
		line = c.Known
	}
	var all []alert.Finding
	for user, ids := range s.failures {
		var known []string
		for _, id := range ids {
			if !s.at[id].Before(c.From) && !s.at[id].After(c.To) && !s.at[id].After(line) {
				known = append(known, id)
			}
		}
		if len(known) >= max(threshold, 1) && (len(c.Subjects) == 0 || slices.Contains(c.Subjects, user)) {
			all = append(all, alert.Finding{Subject: alert.Subject{Type: "user", ID: user}, EventIDs: known, Score: float64(len(known)), Key: known[0], Start: s.at[known[0]], End: s.at[known[len(known)-1]]})
		}
	}
	slices.SortFunc(all, func(a, b alert.Finding) int { return strings.Compare(a.Subject.ID, b.Subject.ID) })
	return all, nil
}

func guessing() simulate.Scenario {
	return simulate.Scenario{Name: "guessing", Description: "d", Seed: 3, Users: 40, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Days: 14, Quiet: 7,
		Attacks: []string{"failed_logins"}, AttacksPerDay: 1, Noise: map[string]float64{"all": 0, "password_expiry": 0.5}}
}

func measured(t *testing.T, thresholds ...int) *Result {
	t.Helper()
	s := &store{at: map[string]time.Time{}, failures: map[string][]string{}}
	rules := []Rule{{ID: "failed_logins", Detection: "failed_logins"}, {ID: "one", Peer: "Peer", Detection: "failed_logins", Kinds: []string{"failed_logins"}},
		{ID: "two", Peer: "Peer", Detection: "failed_logins", Kinds: []string{"failed_logins"}}}
	for i := range rules {
		rules[i].SQL = fmt.Sprintf("SELECT %d\nFROM events", thresholds[i])
	}
	r, err := Run(t.Context(), Options{Scenario: guessing(), Tenant: "t", Ingester: s, Finder: s, Rules: rules, Budgets: []float64{200, 1e6}, DelaySamples: 3})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunCountsWhatItFinds(t *testing.T) {
	r := measured(t, 1, 12, 14)
	if r.Attacks < 5 || r.Events < 1000 || r.Weeks != 1 {
		t.Fatalf("%+v", r)
	}
	if len(r.Rules) != 4 {
		t.Fatalf("%d rules, expected ours, two baselines and their union", len(r.Rules))
	}
	ours, one, union := r.Rules[0], r.Rules[1], r.Rules[3]
	if ours.Recall != 1 || ours.FalseAlerts == 0 || ours.Precision >= 1 || ours.FalseRate != round(float64(ours.FalseAlerts)*1000/40) {
		t.Errorf("everything that fails: %+v", ours)
	}
	if ours.DelayMedian != 0 || one.DelayMedian <= 0 || one.DelayTail < one.DelayMedian {
		t.Errorf("delays: %v at once, %v to %v at the twelfth", ours.DelayMedian, one.DelayMedian, one.DelayTail)
	}
	if some, all := ours.Budgets[0], ours.Budgets[1]; some.FalseRate > 200 || some.Recall == 0 || some.Threshold < 2 || all.Recall != 1 || all.FalseRate != ours.FalseRate {
		t.Errorf("budgets: %+v", ours.Budgets)
	}
	if one.Ours == nil || !one.Ours.Reached || one.Ours.FalseRate > ours.FalseRate || one.Ours.Recall != 1 {
		t.Errorf("ours beside a baseline: %+v", one.Ours)
	}
	if union.Rule != "peer_all_failed_logins" || union.Recall < one.Recall {
		t.Errorf("union: %+v", union)
	}
	if ours.Causes["password_expiry"] == 0 || ours.Causes["ordinary"] == 0 {
		t.Errorf("causes: %v", ours.Causes)
	}
	if len(r.Missed) > 0 {
		t.Errorf("missed: %v", r.Missed)
	}
}

func TestABaselineThatFindsMoreIsSaid(t *testing.T) {
	r := measured(t, 1000, 1, 2)
	if c := r.Rules[1].Ours; c.Reached || c.Recall != 0 {
		t.Errorf("%+v", c)
	}
	if len(r.Missed) != r.Attacks {
		t.Errorf("%d missed of %d", len(r.Missed), r.Attacks)
	}
	var b strings.Builder
	if err := WriteTable(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"### Scenario guessing", "| **`failed_logins`** |", "**less than theirs**", "password_expiry", "are shown by no detection of ours", "finds 7 of 7 attacks"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("the table lacks %q:\n%s", part, b.String())
		}
	}
}

// TestWhatFailsIsNoResult: a rule that cannot be evaluated, be it only for the delay, is named and counts nowhere.
func TestWhatFailsIsNoResult(t *testing.T) {
	for _, threshold := range []int{0, -1} {
		r := measured(t, threshold, 1, 2)
		if got := r.Failures(); !slices.Equal(got, []string{"failed_logins"}) || !strings.Contains(r.Rules[0].Failure, errRefused.Error()) {
			t.Fatalf("%v: %+v", got, r.Rules[0])
		}
		if r.Rules[1].Ours != nil || len(r.BaselineWins)+len(r.Variants)+len(r.Missed)+r.Judged > 0 || !slices.Equal(r.NotRun, []string{"failed_logins"}) {
			t.Errorf("the failed one is counted: %+v", r)
		}
		var b strings.Builder
		if err := WriteTable(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"| **`failed_logins`** | 7 | could not be evaluated |", "`failed_logins` could not be evaluated: " + errRefused.Error(), "Not run, so that their attacks are left out here: failed_logins."} {
			if !strings.Contains(b.String(), part) {
				t.Errorf("the table lacks %q:\n%s", part, b.String())
			}
		}
	}
}

// TestWhatWasNotRunIsNotCounted: attacks for a detection that was not asked for are no misses of the one that was.
func TestWhatWasNotRunIsNotCounted(t *testing.T) {
	s := &store{at: map[string]time.Time{}, failures: map[string][]string{}}
	o := Options{Scenario: guessing(), Tenant: "t", Ingester: s, Finder: s, Rules: []Rule{{ID: "impossible_travel", Detection: "impossible_travel", SQL: "SELECT 1000"}}}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Variants)+len(r.Missed)+r.Judged > 0 || !slices.Equal(r.NotRun, []string{"failed_logins"}) || r.Attacks == 0 {
		t.Errorf("%+v", r)
	}
}

func TestSameScenarioSameResult(t *testing.T) {
	if diff := cmp.Diff(measured(t, 2, 3, 4), measured(t, 2, 3, 4)); diff != "" {
		t.Error(diff)
	}
}

func TestBaselinesAreWhole(t *testing.T) {
	all, err := Baselines()
	if err != nil {
		t.Fatal(err)
	}
	peers := map[string]bool{}
	for _, r := range all {
		peers[r.Peer] = true
		if !strings.Contains(r.SQL, "FROM events") {
			t.Errorf("%s reads no events", r.ID)
		}
	}
	for _, p := range []string{"Elastic", "Datadog", "Panther", "BuffaLogs", "Sentinel"} {
		if !peers[p] {
			t.Errorf("no rule of %s", p)
		}
	}
}

func TestSelect(t *testing.T) {
	all := []Rule{{ID: "a", Detection: "a"}, {ID: "b", Detection: "b"}, {ID: "x", Peer: "P", Detection: "a"}, {ID: "y", Peer: "P", Detection: "not_shipped"}}
	names := func(rules []Rule) (out []string) {
		for _, r := range rules {
			out = append(out, r.ID)
		}
		return out
	}
	some, err := Select(all, []string{"a"})
	if err != nil || !slices.Equal(names(some), []string{"a", "x"}) {
		t.Errorf("%v, %v", names(some), err)
	}
	every, err := Select(all, nil)
	if err != nil || !slices.Equal(names(every), []string{"a", "b", "x"}) {
		t.Errorf("%v, %v", names(every), err)
	}
	if _, err := Select(all, []string{"x"}); err == nil || !strings.Contains(err.Error(), "expected one of a, b") {
		t.Errorf("%v", err)
	}
}
