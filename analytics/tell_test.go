package analytics

import (
	"context"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestABacktestTellsNames: of examples that are added and removed, and of subjects; the lists of the counter stay as they are.
func TestABacktestTellsNames(t *testing.T) {
	const ann, bob = "0190c1f2-0000-4000-8000-00000000000a", "0190c1f2-0000-4000-8000-00000000000b"
	finding := func(id, title string) alert.Finding {
		return alert.Finding{Subject: alert.Subject{Type: "user", ID: id}, Title: title}
	}
	added := []alert.Finding{finding(ann, "User "+ann+" acted as "+bob)}
	r := alert.BacktestResult{AddedExamples: added, RemovedExamples: []alert.Finding{finding(bob, "User "+bob+" left")}, TopSubjects: []alert.SubjectCount{{Subject: alert.Subject{Type: "user", ID: ann}}, {Subject: alert.Subject{Type: "address", ID: "192.0.2.1"}}}}
	err := tellBacktest(t.Context(), &r, func(_ context.Context, all []*alert.Finding) ([]*alert.Context, error) {
		out := make([]*alert.Context, len(all))
		for i := range all {
			out[i] = &alert.Context{Names: []alert.Named{{ID: ann, Name: "Ann"}, {ID: bob, Name: "Bob"}}}
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{r.AddedExamples[0].Title: "Ann acted as Bob", r.AddedExamples[0].Subject.DisplayName: "Ann", r.RemovedExamples[0].Title: "Bob left", r.TopSubjects[0].Subject.DisplayName: "Ann",
		r.TopSubjects[1].Subject.ID + r.TopSubjects[1].Subject.DisplayName: "192.0.2.1", added[0].Title: "User " + ann + " acted as " + bob} {
		if got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
	if err := tellBacktest(t.Context(), &r, nil); err != nil {
		t.Error(err)
	}
}

// TestExamplesAsMany as are asked for are kept, ten when nobody says how many.
func TestExamplesAsMany(t *testing.T) {
	var some []alert.Finding
	for i := range 30 {
		some = append(some, alert.Finding{Key: string(rune('a' + i))})
	}
	for most, want := range map[int]int{3: 3, usualExamples: 10, 100: 30} {
		var examples []alert.Finding
		if n := without(&examples, most, some, nil); n != 30 || len(examples) != want {
			t.Errorf("of %d: %d counted, %d kept", most, n, len(examples))
		}
	}
	if n := newDifferences(0); n.most != usualExamples {
		t.Errorf("%d differences of each kind", n.most)
	}
}
