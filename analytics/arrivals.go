package analytics

import (
	"slices"
	"sync"
	"time"
)

// arrivals are when events were stored, as far as is needed to say since when the analysis is behind. They take little memory however
// far it is behind: marks that lie close together become one, with the earlier time. The longer ago, the farther apart they may lie.
type arrivals struct {
	mu    sync.Mutex
	marks []arrivalMark
}

// arrivalMark says when the first event came in of those up to the sequence and above that of the mark before.
type arrivalMark struct {
	sequence uint64
	first    time.Time
}

const (
	// mostMarks is above what thinOut leaves of any span: about 550 of ten years.
	mostMarks    = 1024
	leastBetween = time.Second
	// blur is the part of its age by which what is said may be too early.
	blur = 16
)

// note that the events up to the sequence were stored now.
func (a *arrivals) note(sequence uint64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.marks)
	switch {
	case n > 0 && sequence <= a.marks[n-1].sequence:
		return
	case n > 0 && now.Sub(a.marks[n-1].first) < leastBetween:
		a.marks[n-1].sequence = sequence
		return
	case n == mostMarks:
		a.thinOut(now)
	}
	a.marks = append(a.marks, arrivalMark{sequence, now})
}

// thinOut makes one of marks next to each other, where the part of their age allows it that their events lie apart. Ages only grow, so
// that it holds for ever.
func (a *arrivals) thinOut(now time.Time) {
	kept := a.marks[:1]
	for i := 1; i < len(a.marks); i++ {
		m, end := a.marks[i], now // of what the mark holds
		if i+1 < len(a.marks) {
			end = a.marks[i+1].first
		}
		if last := &kept[len(kept)-1]; end.Sub(last.first) <= max(leastBetween, now.Sub(end)/blur) {
			last.sequence = m.sequence
			continue
		}
		kept = append(kept, m)
	}
	if len(kept) == mostMarks { // only where the clock is no clock
		kept[1].first = kept[0].first
		kept = slices.Delete(kept, 0, 1)
	}
	a.marks = kept
}

// since is when the first event behind the sequence came in; zero when there is none. It may be too early by a second, and where that is
// more, by a sixteenth of the time that has passed since. What lies before the sequence is forgotten.
func (a *arrivals) since(sequence uint64) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.marks, func(m arrivalMark) bool { return m.sequence > sequence })
	if i < 0 {
		a.marks = a.marks[:0]
		return time.Time{}
	}
	a.marks = slices.Delete(a.marks, 0, i)
	return a.marks[0].first
}
