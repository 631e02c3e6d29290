package analytics

import (
	"slices"
	"sync"
	"time"
)

// arrivals are when events were stored, as far as is needed to say since when the analysis is behind. They take little memory however
// far it is behind: marks that lie close together become one, with the earlier time.
type arrivals struct {
	mu    sync.Mutex
	marks []arrivalMark
	// between is how far marks lie apart at least.
	between time.Duration
}

// arrivalMark says when the first event came in of those up to the sequence and above that of the mark before.
type arrivalMark struct {
	sequence uint64
	first    time.Time
}

const (
	mostMarks    = 512
	leastBetween = time.Second
)

// note that the events up to the sequence were stored now.
func (a *arrivals) note(sequence uint64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.marks)
	if n == 0 {
		a.between = leastBetween
	}
	switch {
	case n > 0 && sequence <= a.marks[n-1].sequence:
	case n > 0 && now.Sub(a.marks[n-1].first) < a.between:
		a.marks[n-1].sequence = sequence
	case n == mostMarks:
		a.between *= 2
		for i := range n / 2 {
			a.marks[i] = arrivalMark{a.marks[2*i+1].sequence, a.marks[2*i].first}
		}
		a.marks = append(a.marks[:n/2], arrivalMark{sequence, now})
	default:
		a.marks = append(a.marks, arrivalMark{sequence, now})
	}
}

// since is when the first event behind the sequence came in, or a little earlier; zero when there is none. What lies before the sequence
// is forgotten.
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
