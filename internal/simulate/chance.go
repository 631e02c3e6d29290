package simulate

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// chance is a source of randomness. Every part of the simulation draws from one of its own, keyed by what it is for, so
// that adding a behaviour changes nothing elsewhere.
type chance struct{ *rand.Rand }

// newChance makes the source for a purpose.
func newChance(seed uint64, purpose string, keys ...int64) chance {
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose))
	var b [8]byte
	for _, k := range keys {
		binary.LittleEndian.PutUint64(b[:], uint64(k))
		_, _ = h.Write(b[:])
	}
	return chance{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// happens is true with probability p.
func (c chance) happens(p float64) bool { return c.Float64() < p }

// between draws evenly from low to high, both included.
func (c chance) between(low, high int) int { return low + c.IntN(high-low+1) }

// span draws a duration evenly, in DocuSign's unit of 100 ns.
func (c chance) span(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return (low + time.Duration(c.Int64N(int64(high-low)))).Truncate(100)
}

// about draws a duration around a mean, never further than three deviations.
func (c chance) about(mean, deviation time.Duration) time.Duration {
	n := min(3, max(-3, c.NormFloat64()))
	return (mean + time.Duration(n*float64(deviation))).Truncate(100)
}

// count draws how often something with a mean rate happens (Poisson).
func (c chance) count(mean float64) int {
	if mean > 30 {
		return max(0, int(math.Round(mean+c.NormFloat64()*math.Sqrt(mean))))
	}
	n, p, limit := 0, c.Float64(), math.Exp(-mean)
	for p > limit {
		n++
		p *= c.Float64()
	}
	return n
}

// guid draws an id of the form that DocuSign uses.
func (c chance) guid() string {
	a, b := c.Uint64(), c.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}

// pick draws one of a list that is not empty.
func pick[T any](c chance, list []T) T { return list[c.IntN(len(list))] }

// weighted draws an index with probability proportional to its weight.
func (c chance) weighted(weights ...float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	x := c.Float64() * total
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
