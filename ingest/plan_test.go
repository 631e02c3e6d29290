package ingest

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/internal/event"
)

// TestPlan decides about records with one id in one commit: the best of all stands, whatever their order, and every
// content that does not stand is kept.
func TestPlan(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) Known {
		return Known{ContentHash: uint64(rapid.IntRange(1, 4).Draw(t, "content")), Trust: uint8(rapid.IntRange(1, 3).Draw(t, "trust"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(draw, 1, 8).Draw(t, "records")
		stands := rapid.Bool().Draw(t, "stands")
		before := draw.Draw(t, "standing")
		all := records
		if stands {
			all = append(slices.Clone(records), before)
		}
		best := slices.MaxFunc(all, func(a, b Known) int {
			if a.Beats(b) {
				return 1
			}
			return -1
		})

		r := &request{outcomes: make([]outcome, len(records))}
		var c contest
		for i, k := range records {
			c.add(&row{&event.Event{ContentHash: k.ContentHash, Trust: k.Trust}, r, i})
		}
		var p plan
		p.against(&c, before, stands)

		after := before
		switch stored := append(slices.Clone(p.fresh), p.winners...); {
		case len(stored) > 1 || len(stored) == 0 && !stands || len(p.fresh) > 0 && stands:
			t.Fatalf("%d fresh, %d winners", len(p.fresh), len(p.winners))
		case len(stored) == 1:
			after = known(stored[0].Event)
		}
		if after != best {
			t.Fatalf("%+v stands, want %+v", after, best)
		}
		kept := map[uint64]bool{after.ContentHash: true}
		if stands { // Replace sets it aside
			kept[before.ContentHash] = true
		}
		for _, l := range p.losers {
			kept[l.ContentHash] = true
		}
		counts := map[outcome]int{}
		for i, k := range records {
			if !kept[k.ContentHash] {
				t.Fatalf("%+v is lost", k)
			}
			counts[r.outcomes[i]]++
		}
		if counts[outcomeAccepted] != len(p.fresh) || counts[outcomeNone]+counts[outcomeRefused] != 0 {
			t.Fatalf("outcomes %v with %d fresh", counts, len(p.fresh))
		}
	})
}
