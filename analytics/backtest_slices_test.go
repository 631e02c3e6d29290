package analytics

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// TestSlices: the slices of any history hold every instant of it that has events exactly once.
func TestSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var days []clickhouse.EventDay
		for i, n := range rapid.SliceOfN(rapid.Uint64Range(0, 50), 20, 90).Draw(t, "days") {
			if n > 0 {
				days = append(days, clickhouse.EventDay{Day: start.AddDate(0, 0, i), Events: n})
			}
		}
		hours := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(1, most).Draw(t, name)) * time.Hour
		}
		from := start.Add(hours("from", 1500))
		to := from.Add(hours("length", 2000))
		h := newHistory(days)
		all := h.slices(from, to, hours("back", 900), hours("ahead", 100), rapid.Uint64Range(1, 300).Draw(t, "most"))
		last := from
		inside := func(at time.Time) (n int) {
			for _, s := range all {
				if !at.Before(s.from) && at.Before(s.to) {
					n++
				}
			}
			return n
		}
		for _, s := range all {
			if s.from.Before(last) || !s.to.After(s.from) || s.to.After(to) {
				t.Fatalf("slice from %v to %v after %v", s.from, s.to, last)
			}
			last = s.to
		}
		for _, d := range days {
			for at := d.Day; at.Before(d.Day.Add(day)); at = at.Add(time.Hour) {
				want := 0
				if !at.Before(from) && at.Before(to) {
					want = 1
				}
				if got := inside(at); got != want {
					t.Fatalf("%v is in %d slices, expected %d", at, got, want)
				}
			}
		}
	})
}
