// Package duration is spans of time as people write them: 10m, 2h30m, 7d, 1w.
package duration

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Expected says what Parse takes.
const Expected = "a duration such as 90s, 10m, 2h30m or 7d"

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// long are the parts that time.ParseDuration does not know.
var long = regexp.MustCompile(`(\d+(?:\.\d+)?)([dw])`)

// Parse reads a duration: what time.ParseDuration takes, and days and weeks of 24 and 168 hours before it.
func Parse(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	var sum time.Duration
	rest := text
	for {
		at := long.FindStringSubmatchIndex(rest)
		if at == nil || at[0] != 0 {
			break
		}
		n, err := strconv.ParseFloat(rest[at[2]:at[3]], 64)
		unit := day
		if rest[at[4]:at[5]] == "w" {
			unit = week
		}
		if err != nil || n*float64(unit) > float64(math.MaxInt64/2) {
			return 0, wrong(s)
		}
		sum += time.Duration(n * float64(unit))
		if rest = rest[at[1]:]; rest == "" {
			return sum, within(s, sum)
		}
	}
	if sum > 0 && (rest[0] < '0' || rest[0] > '9') { // a sign in the middle
		return 0, wrong(s)
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, wrong(s)
	}
	return sum + d, within(s, sum+d)
}

// within says that a sum ran over.
func within(s string, d time.Duration) error {
	if d > math.MaxInt64/2 {
		return wrong(s)
	}
	return nil
}

func wrong(s string) error { return fmt.Errorf("found %.40q, expected %s", s, Expected) }

// Text is a duration without what is nothing: 10m instead of 10m0s, 31d instead of 744h0m0s.
func Text(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	prefix := ""
	if d >= 2*day {
		prefix = fmt.Sprintf("%dd", d/day)
		if d %= day; d == 0 {
			return prefix
		}
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return prefix + s
}
