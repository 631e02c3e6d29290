package analytics

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var a arrivals
	if !a.since(0).IsZero() {
		t.Errorf("of nothing: %s", a.since(0))
	}
	a.note(9999, start)
	a.note(10_000, start.Add(time.Second/2))
	a.note(5000, start.Add(time.Hour))
	if got := a.since(9999); len(a.marks) != 1 || !got.Equal(start) {
		t.Errorf("%d marks, the first of %s", len(a.marks), got)
	}
	if got := a.since(10_000); !got.IsZero() || len(a.marks) != 0 {
		t.Errorf("when all is done: %s, and %d marks", got, len(a.marks))
	}
}

// TestArrivalsAreNearTheTruth plays analyses that stand still, catch up and follow, with events that come all the time or not.
func TestArrivalsAreNearTheTruth(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		var a arrivals
		var came []time.Time // of the event with the sequence that follows the index
		done := 0
		for range 40 {
			usual, fast := time.Duration(1+r.IntN(3000))*time.Millisecond, r.IntN(3)
			for range r.IntN(5000) {
				now = now.Add(usual)
				if r.IntN(2000) == 0 {
					now = now.Add(time.Duration(r.IntN(20)) * time.Hour)
				}
				came = append(came, now)
				a.note(uint64(len(came)), now)
				done = min(len(came), done+r.IntN(fast+1))
				if len(a.marks) > mostMarks {
					t.Fatalf("seed %d: %d marks, expected %d at most", seed, len(a.marks), mostMarks)
				}
				if r.IntN(100) > 0 {
					continue
				}
				if err := near(&a, came, done, now); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
	}
}

// TestArrivalsAfterALongLag: who was behind for days and then follows the events closely is said to.
func TestArrivalsAfterALongLag(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var a arrivals
	var came []time.Time
	for range 7 * 24 * 3600 {
		now = now.Add(time.Second)
		came = append(came, now)
		a.note(uint64(len(came)), now)
	}
	if err := near(&a, came, 0, now); err != nil {
		t.Error(err)
	}
	for range 3600 {
		now = now.Add(time.Second)
		came = append(came, now)
		a.note(uint64(len(came)), now)
		if err := near(&a, came, len(came)-1, now); err != nil {
			t.Fatal(err)
		}
	}
}

// TestArrivalsOfYears: the marks do for any time that anybody is behind.
func TestArrivalsOfYears(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var a arrivals
	most := 0
	for i := range 10 * 365 * 24 * 6 { // one event in ten minutes
		before := len(a.marks)
		a.note(uint64(i)+1, start.Add(time.Duration(10*i)*time.Minute))
		if len(a.marks) < before {
			most = max(most, len(a.marks))
		}
	}
	if most == 0 || most > 600 || !a.since(0).Equal(start) {
		t.Errorf("%d marks are left, the first of %s; expected 600 at most, and %s", most, a.since(0), start)
	}
}

// near compares what is said with when the first event came in that is not done.
func near(a *arrivals, came []time.Time, done int, now time.Time) error {
	got := a.since(uint64(done))
	if done == len(came) {
		if !got.IsZero() {
			return fmt.Errorf("nothing waits, but since %s", got)
		}
		return nil
	}
	truth := came[done]
	if early := truth.Sub(got); early < 0 || early > max(leastBetween, now.Sub(truth)/blur) {
		return fmt.Errorf("at %s: %s, expected %s or a little earlier, %s too early", now, got, truth, early)
	}
	return nil
}
