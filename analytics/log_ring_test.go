package analytics

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// TestRingIsBoundByBytes: alerts with many remarks do not fill the memory, and what is left has no gap.
func TestRingIsBoundByBytes(t *testing.T) {
	l := &Log{grown: make(chan struct{})}
	text := strings.Repeat("x", 4000)
	sequence := uint64(0)
	for range 400 {
		c := alert.Change{}
		for range 60 {
			c.Triage.Comments = append(c.Triage.Comments, alert.Comment{Text: text})
		}
		sequence++
		c.Sequence = sequence
		l.advance([]alert.Change{c})
		if sequence%40 != 0 {
			continue
		}
		sum := 0
		for i := range l.ring {
			sum += l.ring[i].Size()
			if l.ring[i].Sequence != sequence-uint64(len(l.ring)-1-i) {
				t.Fatalf("after %d the ring has %d at %d", sequence, l.ring[i].Sequence, i)
			}
		}
		if sum != l.held || sum > 2*ringBytes || len(l.ring) == 0 {
			t.Fatalf("the ring holds %d changes of %d bytes, counted as %d", len(l.ring), sum, l.held)
		}
	}
	if len(l.ring) < 50 {
		t.Errorf("the ring holds %d changes only", len(l.ring))
	}
	for range 48 {
		batch := make([]alert.Change, ringSize/16)
		for i := range batch {
			sequence++
			batch[i].Sequence = sequence
		}
		l.advance(batch)
	}
	if n := len(l.ring); n < ringSize || n > 2*ringSize || l.ring[0].Sequence != sequence-uint64(n)+1 {
		t.Errorf("the ring holds %d small changes from %d on", n, l.ring[0].Sequence)
	}
}

// TestBrokenOff: the error says what was done before it, and keeps its reason.
func TestBrokenOff(t *testing.T) {
	down := fault.Unavailable(errors.New("refused"))
	if err := brokenOff(down, &alert.BulkResult{Matched: 9}); err != error(down) {
		t.Errorf("nothing was done: %v", err)
	}
	err := brokenOff(fmt.Errorf("log: %w", down), &alert.BulkResult{Matched: 900, Updated: 500})
	if !fault.Is(err, fault.StorageUnavailable) || !strings.Contains(err.Error(), "when 500 of 900 alerts had been changed") || strings.Contains(err.Error(), "nothing was acknowledged") {
		t.Errorf("after 500: %v", err)
	}
	if err := brokenOff(errors.New("defect"), &alert.BulkResult{Matched: 900, Updated: 500}); !strings.Contains(err.Error(), "500 of 900") {
		t.Error(err)
	}
}
