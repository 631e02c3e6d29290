package analytics_test

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// farCases are the cases in which the days that a detection compares matter; of other detections the first case with a finding is taken.
var farCases = map[string]string{
	"anonymous_ip": "popular_address", "impossible_travel": "shared_egress", "infrequent_country": "common_destination", "session_anomaly": "new_network_and_device",
	"suspicious_ip": "popular_address", "template_changes": "common_work", "unusual_admin": "new_administrator",
}

// TestFarBounds: a Date of the engine is of 1970 to 2149, its DateTime ends in 2106, and both begin anew behind that, so that a time
// far before or after all events once had nothing in it, or took for unusual what is popular. Of such a time a detection finds what its case says.
func TestFarBounds(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for i := range definitions {
		id := definitions[i].ID
		t.Run(id, func(t *testing.T) {
			c := farCase(t, id)
			w := newBareWorld(t, id, map[string]analytics.Tuning{id: {Parameters: c.Parameters}})
			w.know(slices.Concat(c.Ranges, c.LateRanges))
			w.meet(slices.Concat(c.Directory, c.LateDirectory))
			w.add(c.build(t, slices.Concat(c.Events, c.Late))...)
			foundWithin(t, w, c, day(t, "1960-01-01"), day(t, "2199-12-31"))
			if w.tuned[0].Affected == "" {
				return
			}
			want, got := affectedWithin(t, w, c, day(t, "2020-01-01"), day(t, "2030-01-01")), affectedWithin(t, w, c, day(t, "1960-01-01"), day(t, "2199-12-31"))
			if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("affected by changes from 1960 to 2199 (-ordinary +far):\n%s\nexpected some, and the same", diff)
			}
		})
	}
}

// farCase is a case of the detection that has findings and takes nothing away from them afterwards.
func farCase(t *testing.T, id string) testCase {
	t.Helper()
	for _, path := range caseFiles(t, id) {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if c := readCase(t, path); len(c.Findings) > 0 && len(c.Exceptions) == 0 && name == cmp.Or(farCases[id], name) {
			return c
		}
	}
	t.Fatalf("no case of %s has a finding", id)
	return testCase{}
}

// foundWithin compares what is found within a time with what the case says of it.
func foundWithin(t *testing.T, w *world, c testCase, from, to time.Time) {
	t.Helper()
	d := &w.tuned[0]
	call := clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: w.tenant, From: from, To: to, Arguments: d.Arguments()}
	findings, err := w.db.Findings(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	var candidates []string
	if d.Candidates != "" {
		call.Text = d.Candidates
		if candidates, err = w.db.Candidates(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	var want, got []string
	for _, f := range c.Findings {
		want = append(want, strings.Join([]string{f.Subject, f.Severity, strings.Join(f.SuppressedBy, "+")}, " "))
		if d.Candidates != "" && !slices.Contains(candidates, f.Subject) {
			t.Errorf("from %v to %v the candidates are %q, without %s", from, to, candidates, f.Subject)
		}
	}
	for i := range findings {
		f := &findings[i]
		got = append(got, strings.Join([]string{f.Subject.ID, f.Severity, strings.Join(f.SuppressedBy, "+")}, " "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("from %v to %v (-case +found):\n%s", from, to, diff)
	}
}

// affectedWithin tells on whom changes of everybody within a time have an effect.
func affectedWithin(t *testing.T, w *world, c testCase, from, to time.Time) []clickhouse.Span {
	t.Helper()
	users, addresses, keys := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range c.build(t, slices.Concat(c.Events, c.Late)) {
		users[e.UserID], addresses[e.IPAddress], keys[e.IntegrationKey] = true, true, true
	}
	changed := map[string][]string{}
	for of, names := range map[string]map[string]bool{"user": users, "address": addresses, "integration": keys} {
		delete(names, "")
		changed[of] = slices.Sorted(maps.Keys(names))
	}
	d := &w.tuned[0]
	spans, err := w.db.Affected(t.Context(), d.ID, d.Affected, w.tenant, changed, from, to, w.now, d.Arguments())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(spans, func(a, b clickhouse.Span) int { return strings.Compare(a.Subject.ID, b.Subject.ID) })
	return spans
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
