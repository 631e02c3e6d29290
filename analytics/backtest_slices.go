package analytics

import (
	"sort"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

const (
	day = 24 * time.Hour
	// tick is the resolution of event times.
	tick = 100 * time.Nanosecond
	// shortest is the longest slice that is not cut any more when it needs too much memory.
	shortest = time.Hour
	// unlimited is the longest slice that may have as much memory as any statement: what it looks back on is longer, and is the same for a shorter one.
	unlimited = 7 * day
)

// slice is a part of a backtest: the findings anchored in its period, the end excluded.
type slice struct {
	period
	// events that its evaluation reads, about.
	events uint64
}

// history is how many events there are by day.
type history struct {
	days []time.Time
	// before[i] is the number of events before days[i]; there is one more for the end.
	before []uint64
}

func newHistory(days []clickhouse.EventDay) history {
	h := history{before: []uint64{0}}
	for i, d := range days {
		h.days = append(h.days, d.Day.UTC())
		h.before = append(h.before, h.before[i]+d.Events)
	}
	return h
}

// bounds are the beginning of the first day and the end of the last.
func (h *history) bounds() (first, last time.Time) {
	if len(h.days) == 0 {
		return first, last
	}
	return h.days[0], h.days[len(h.days)-1].Add(day)
}

// at is the first day that ends after t.
func (h *history) at(t time.Time) int {
	return sort.Search(len(h.days), func(i int) bool { return h.days[i].Add(day).After(t) })
}

// events of the days that the period touches.
func (h *history) events(from, to time.Time) uint64 {
	first := h.at(from)
	last := sort.Search(len(h.days), func(i int) bool { return !h.days[i].Before(to) })
	return h.before[max(first, last)] - h.before[first]
}

// slices cuts the time from from to to so that the evaluation of a slice, which reads back before it and ahead after it,
// reads about most events; but no slice is shorter than a quarter of that reach, because every slice reads it again.
// Time without events is left out: an anchor is an event.
func (h *history) slices(from, to time.Time, back, ahead time.Duration, most uint64) []slice {
	least := max(day, (back+ahead)/4)
	reads := func(from, to time.Time) uint64 { return h.events(from.Add(-back), to.Add(ahead)) }
	var all []slice
	for from.Before(to) {
		i := h.at(from)
		if i == len(h.days) || !h.days[i].Before(to) {
			break
		}
		if h.days[i].After(from) {
			from = h.days[i]
		}
		end := from.Truncate(day).Add(day)
		for end.Before(to) && (end.Sub(from) < least || reads(from, end.Add(day)) <= most) {
			end = end.Add(day)
		}
		if end.After(to) {
			end = to
		}
		all = append(all, slice{period: period{from, end}, events: reads(from, end)})
		from = end
	}
	return all
}
