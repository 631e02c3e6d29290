package analytics

import (
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var a arrivals
	if !a.since(0).IsZero() {
		t.Errorf("of nothing: %s", a.since(0))
	}
	for i := range 10 * mostMarks { // one event each two seconds
		a.note(uint64(i)+1, start.Add(2*time.Duration(i)*time.Second))
	}
	if n := len(a.marks); n > mostMarks {
		t.Errorf("%d marks, expected %d at most", n, mostMarks)
	}
	if got := a.since(0); !got.Equal(start) {
		t.Errorf("the first came in %s, expected %s", got, start)
	}
	const done = 4 * mostMarks
	truth := start.Add(2 * done * time.Second)
	if got := a.since(done); got.After(truth) || truth.Sub(got) > 10*time.Minute {
		t.Errorf("behind %d: %s, expected %s or a little earlier", done, got, truth)
	}
	if got := a.since(10 * mostMarks); !got.IsZero() || len(a.marks) != 0 {
		t.Errorf("when all is done: %s, and %d marks", got, len(a.marks))
	}
	a.note(9999, start)
	a.note(10_000, start.Add(time.Second/2))
	a.note(5000, start.Add(time.Hour))
	if got := a.since(9999); len(a.marks) != 1 || !got.Equal(start) {
		t.Errorf("%d marks, the first of %s", len(a.marks), got)
	}
}
