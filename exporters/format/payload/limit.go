package payload

import "time"

// Limit is the most bytes of something that a receiver takes: what is configured, or less after the receiver, or a proxy before it, took
// only that. What was learnt is forgotten after an hour, because a limit on one alert shortens it.
type Limit struct {
	Configured int

	learnt int
	until  time.Time
}

const limitHolds = time.Hour

// Bytes is the limit at a time.
func (l *Limit) Bytes(now time.Time) int {
	if l.learnt > 0 && now.Before(l.until) {
		return min(l.learnt, l.Configured)
	}
	return l.Configured
}

// Taken notes that so many bytes were taken, or were the most that was tried, after more were refused as too much. It does nothing
// when that is no less than the limit.
func (l *Limit) Taken(bytes int, now time.Time) {
	if bytes < l.Bytes(now) {
		l.learnt, l.until = bytes, now.Add(limitHolds)
	}
}
