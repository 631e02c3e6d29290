package feed

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Entry is what a list says about a network.
type Entry struct {
	Prefix netip.Prefix
	Name   string
	// Category, where the entry has one of its own; Tags come to those of the feed.
	Category string
	Tags     []string
	// Confidence is 0 to 100; -1 where the entry says none.
	Confidence int
	// From and To bound what it says in event time; zero where it does not say.
	From, To time.Time
}

// List is what was read of one copy of a feed.
type List struct {
	Entries []Entry
	// Bad counts what should have been an entry and could not be read; Problems has the first of them.
	Bad      int
	Problems []string
	// Other counts what is good and says nothing about addresses: an indicator of a file's hash.
	Other int
}

// shownProblems bounds Problems.
const shownProblems = 5

func (l *List) bad(format string, args ...any) {
	if l.Bad++; len(l.Problems) < shownProblems {
		l.Problems = append(l.Problems, fmt.Sprintf(format, args...))
	}
}

const (
	// The widest networks that an entry may name: a list that says something about an eighth of the Internet is broken, or was
	// tampered with.
	widest4, widest6 = 8, 16
	maxTags          = 20
	maxName          = 200
)

// add takes an entry in, or counts it as bad.
func (l *List) add(where string, e Entry) {
	widest := widest6
	if e.Prefix.Addr().Is4() {
		widest = widest4
	}
	switch {
	case e.Prefix.Bits() < widest:
		l.bad("%s: found %s, expected a network of at least /%d: nothing holds for so many addresses", where, e.Prefix, widest)
		return
	case e.Category != "" && !slices.Contains(intelligence.Categories, e.Category):
		l.bad("%s: category: found %.40q, expected one of %s", where, e.Category, strings.Join(intelligence.Categories, ", "))
		return
	case e.Confidence > 100 || e.Confidence < -1:
		l.bad("%s: confidence: found %d, expected 0 to 100", where, e.Confidence)
		return
	case !e.From.IsZero() && !e.To.IsZero() && !e.From.Before(e.To):
		l.bad("%s: it is said to hold from %s until %s, expected a time after it", where, e.From.Format(time.RFC3339), e.To.Format(time.RFC3339))
		return
	}
	if len(e.Name) > maxName {
		e.Name = strings.ToValidUTF8(e.Name[:maxName], "")
	}
	l.Entries = append(l.Entries, e)
}

// merge makes one entry of those with the same network and beginning.
func (l *List) merge() {
	slices.SortStableFunc(l.Entries, func(a, b Entry) int {
		return cmp.Or(a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()), a.From.Compare(b.From))
	})
	all := l.Entries[:0]
	for _, e := range l.Entries {
		if n := len(all); n == 0 || all[n-1].Prefix != e.Prefix || !all[n-1].From.Equal(e.From) {
			all = append(all, e)
			continue
		}
		top := &all[len(all)-1]
		top.Tags = slices.Concat(top.Tags, e.Tags)
		top.Confidence = max(top.Confidence, e.Confidence)
		top.Name, top.Category = cmp.Or(top.Name, e.Name), cmp.Or(top.Category, e.Category)
		if top.To.IsZero() || e.To.IsZero() {
			top.To = time.Time{}
		} else if e.To.After(top.To) {
			top.To = e.To
		}
	}
	l.Entries = all
}

// holding counts the entries that hold at a time, or will.
func (l *List) holding(at time.Time) int {
	n := 0
	for i := range l.Entries {
		if e := &l.Entries[i]; e.To.IsZero() || e.To.After(at) {
			n++
		}
	}
	return n
}

var notTag = regexp.MustCompile(`[^a-z0-9_-]+`)

// tag makes a tag of a word; empty when nothing is left.
func tag(word string) string {
	t := strings.Trim(notTag.ReplaceAllString(strings.ToLower(strings.TrimSpace(word)), "_"), "_-")
	return t[:min(len(t), 40)]
}

// tagged puts sets of tags together, each tag once, in order.
func tagged(sets ...[]string) []string {
	var all []string
	for _, s := range sets {
		for _, word := range s {
			if t := tag(word); t != "" {
				all = append(all, t)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxTags)]
}

// moment reads a time or a date; the zero one of an empty text.
func moment(text string) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil {
			if at.Year() < 1970 || at.Year() > 2199 {
				return time.Time{}, fmt.Errorf("found %.40q, expected a time from 1970 to 2199", text)
			}
			return at.UTC().Truncate(time.Millisecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("found %.40q, expected a time such as 2026-05-04T08:00:00Z", text)
}
