package monitor

import (
	"fmt"
	"time"
)

// Precision is what is kept of a timestamp: DocuSign's own, 100 ns.
const Precision = 100 * time.Nanosecond

// The years outside of which a timestamp is wrong: DocuSign was founded in 2003.
const (
	firstYear = 2003
	endYear   = 2100
)

// ParseTime reads a time as DocuSign writes it, in any product.
func ParseTime(s string) (time.Time, error) { return parseTime(s) }

// parseTime reads YYYY-MM-DDThh:mm:ss with any number of fraction digits and Z, an offset or nothing, which means UTC.
func parseTime(s string) (time.Time, error) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != 't' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, badTime(s)
	}
	var part [6]int
	for i, at := range [6]int{0, 5, 8, 11, 14, 17} {
		width := 2
		if i == 0 {
			width = 4
		}
		n, ok := number(s[at : at+width])
		if !ok {
			return time.Time{}, badTime(s)
		}
		part[i] = n
	}
	nanos, rest, ok := fraction(s[19:])
	if !ok {
		return time.Time{}, badTime(s)
	}
	offset, ok := zone(rest)
	if !ok || part[3] > 23 || part[4] > 59 || part[5] > 59 {
		return time.Time{}, badTime(s)
	}
	t := time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], nanos, time.UTC)
	if int(t.Month()) != part[1] || t.Day() != part[2] {
		return time.Time{}, badTime(s)
	}
	t = t.Add(-offset)
	return t, checkTime(t)
}

func badTime(s string) error {
	return fmt.Errorf("found %s, expected a time such as 2024-07-07T16:20:36.1227494Z", quote(s))
}

func checkTime(t time.Time) error {
	if y := t.Year(); y < firstYear || y >= endYear {
		return fmt.Errorf("found %s, expected a time from %d-01-01 to before %d-01-01",
			t.UTC().Format(time.RFC3339Nano), firstYear, endYear)
	}
	return nil
}

// fraction reads an optional ".digits", keeps seven of them and returns what follows.
func fraction(s string) (nanos int, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	end := 1
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	digits := s[1:min(end, 8)]
	n, ok := number(digits)
	for range 9 - len(digits) {
		n *= 10
	}
	return n, s[end:], ok
}

// zone reads Z, ±hh:mm, ±hhmm, ±hh or nothing.
func zone(s string) (time.Duration, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	digits := s[1:]
	switch {
	case len(digits) == 5 && digits[2] == ':':
		digits = digits[:2] + digits[3:]
	case len(digits) == 2:
		digits += "00"
	case len(digits) != 4:
		return 0, false
	}
	n, ok := number(digits)
	if !ok || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		d = -d
	}
	return d, true
}

// number reads decimal digits and nothing else.
func number(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}
