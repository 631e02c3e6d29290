package outbound

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter is how long the header of that name asks to wait, in seconds or until a time; 0 without one, and for what cannot be read.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
