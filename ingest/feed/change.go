package feed

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Says is what a feed says of every entry that does not speak for itself.
type Says struct {
	// Tenant and Source of the ranges.
	Tenant, Source string
	// Category is one of intelligence.Categories.
	Category   string
	Tags       []string
	Confidence int
	// Before is how long before it was first seen an entry holds that does not say since when; Always stands for all of the past.
	Before time.Duration
}

// Always as Says.Before: what appears in the list was always so.
const Always time.Duration = -1

// shortAbsence from a list whose entries hold for all of the past is an accident of its publisher.
const shortAbsence = 24 * time.Hour

// change is what a copy of a list changes.
type change struct {
	// write are the ranges to store, each in the place of one with the same beginning.
	write                   []intelligence.Range
	added, removed, altered int
}

// compare tells what a list that was seen at a time changes about what is stored of its source. What is not in it any more ends
// then; what is new begins Before, and never before an earlier span of it ended. What a list says of an address is not changed for
// the past: another category or other tags begin now.
func compare(stored []intelligence.Range, l *List, says Says, now time.Time) change {
	now = now.UTC().Truncate(time.Millisecond)
	var c change
	spans := map[string][]*intelligence.Range{}
	for i := range stored {
		k := stored[i].Prefix.String()
		spans[k] = append(spans[k], &stored[i])
	}
	listed := map[*intelligence.Range]bool{}
	for i := range l.Entries {
		e := &l.Entries[i]
		want := says.rangeOf(e)
		old := spans[e.Prefix.String()]
		if !e.From.IsZero() {
			c.explicit(old, want, listed)
			continue
		}
		c.implicit(old, want, says.Before, now, listed)
	}
	for i := range stored {
		r := &stored[i]
		if listed[r] || ended(r, now) {
			continue
		}
		gone := *r
		gone.To = now
		if !gone.From.IsZero() && gone.From.After(now) {
			gone.To = gone.From // it never held
		}
		c.write = append(c.write, gone)
		c.removed++
	}
	return c
}

// ended says whether a range holds no more at a time.
func ended(r *intelligence.Range, at time.Time) bool { return !r.To.IsZero() && !r.To.After(at) }

func (s *Says) rangeOf(e *Entry) intelligence.Range {
	confidence := e.Confidence
	if confidence < 0 {
		confidence = s.Confidence
	}
	return intelligence.Range{Tenant: s.Tenant, Source: s.Source, Prefix: e.Prefix, Name: e.Name, Category: cmp.Or(e.Category, s.Category), Tags: tagged(s.Tags, e.Tags),
		Confidence: uint8(confidence), From: e.From, To: e.To} //nolint:gosec // 0 to 100
}

// explicit is an entry that says since when.
func (c *change) explicit(old []*intelligence.Range, want intelligence.Range, listed map[*intelligence.Range]bool) {
	for _, r := range old {
		if r.From.Equal(want.From) {
			listed[r] = true
			if !alike(r, &want) || r.Name != want.Name || r.Confidence != want.Confidence || !r.To.Equal(want.To) {
				c.write = append(c.write, want)
				c.altered++
			}
			return
		}
	}
	c.write = append(c.write, want)
	c.added++
}

// implicit is an entry that is there, since nobody says when.
func (c *change) implicit(old []*intelligence.Range, want intelligence.Range, before time.Duration, now time.Time, listed map[*intelligence.Range]bool) {
	from := time.Time{}
	if before >= 0 {
		from = now.Add(-before)
	}
	var last *intelligence.Range // the span that ended last
	for _, r := range old {
		if !ended(r, now) {
			listed[r] = true
			want.From = r.From
			switch {
			case alike(r, &want):
				if r.Name != want.Name || r.Confidence != want.Confidence || !r.To.Equal(want.To) {
					c.write = append(c.write, want)
					c.altered++
				}
			default: // what it was, it was until now
				was := *r
				was.To = now
				want.From = now
				c.write = append(c.write, was, want)
				c.altered++
			}
			return
		}
		if last == nil || r.To.After(last.To) {
			last = r
		}
	}
	if last != nil && before == Always { // it was not always so
		from = now.Add(-shortAbsence)
	}
	want.From = from
	if last != nil && !last.To.Before(from) {
		want.From = last.To
		if alike(last, &want) { // it was away for less than a new entry holds before it is seen
			want.From = last.From
		}
	}
	if !want.To.IsZero() && !want.From.Before(want.To) {
		return // it says that it does not hold any more
	}
	c.write = append(c.write, want)
	c.added++
}

// alike says whether two ranges say the same of an address.
func alike(a, b *intelligence.Range) bool {
	return a.Category == b.Category && slices.Equal(sorted(a.Tags), sorted(b.Tags))
}

func sorted(tags []string) []string { return slices.Sorted(slices.Values(tags)) }

// standing counts the ranges that hold at a time.
func standing(stored []intelligence.Range, at time.Time) int {
	n := 0
	for i := range stored {
		if !ended(&stored[i], at) {
			n++
		}
	}
	return n
}
