package analytics_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// TestNoFindingIsAboutANobody holds every candidates.sql to what it promises: whom it leaves out, no finding is about,
// whatever the period that is asked for. That the case files' findings are found holds it to the rest.
func TestNoFindingIsAboutANobody(t *testing.T) {
	w := newWorld(t, "", nil)
	w.add(longHistory(rand.New(rand.NewPCG(3, 3)))...)
	promised(t, w)
}

// promised looks at each finding of the world's detections with no more of the past and the future than its anchor.
func promised(t *testing.T, w *world) {
	t.Helper()
	for i := range w.tuned {
		d := &w.tuned[i]
		if d.Candidates == "" {
			continue
		}
		call := clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: w.tenant, From: benchEnd.AddDate(-2, 0, 0), To: benchEnd.AddDate(2, 0, 0), Arguments: d.Given()}
		findings, err := w.db.Findings(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(findings, func(a, b alert.Finding) int { return a.Anchor.Compare(b.Anchor) })
		for _, f := range findings {
			call := call
			call.Text, call.From, call.To, call.Subjects = d.Candidates, f.Anchor, f.Anchor, []string{f.Subject.ID}
			got, err := w.db.Candidates(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(got, f.Subject.ID) {
				t.Errorf("%s: %s %s is no candidate at %v, but: %s", d.ID, f.Subject.Type, f.Subject.ID, f.Anchor, f.Title)
			}
		}
	}
}
