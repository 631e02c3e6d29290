package docusign

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits are what an answer says about the call budget, which all applications of an account share. A number is -1 where
// the answer does not have it.
type Limits struct {
	// Limit and Remaining are calls of the present hour.
	Limit, Remaining int
	// Reset is when the hour begins anew; zero when unknown.
	Reset time.Time
	// BurstLimit and BurstRemaining are calls of the present 30 seconds.
	BurstLimit, BurstRemaining int
}

// NoLimits is what an answer without the headers says.
func NoLimits() Limits { return Limits{Limit: -1, Remaining: -1, BurstLimit: -1, BurstRemaining: -1} }

// readLimits reads the headers; skew is how far DocuSign's clock is ahead of this one.
func readLimits(h http.Header, skew time.Duration) Limits {
	l := Limits{Limit: count(h, "X-RateLimit-Limit"), Remaining: count(h, "X-RateLimit-Remaining"),
		BurstLimit: count(h, "X-BurstLimit-Limit"), BurstRemaining: count(h, "X-BurstLimit-Remaining")}
	if s := count(h, "X-RateLimit-Reset"); s > 0 {
		l.Reset = time.Unix(int64(s), 0).Add(-skew).UTC()
	}
	return l
}

func count(h http.Header, name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// maxRetryAfter bounds a Retry-After: budgets begin anew with every hour.
const maxRetryAfter = 75 * time.Minute

// retryAfter reads the header: seconds, or a time by DocuSign's clock.
func retryAfter(h http.Header, now time.Time, skew time.Duration) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(0, s), int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Add(-skew).Sub(now)), maxRetryAfter)
	}
	return 0
}
