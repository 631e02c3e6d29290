package ingest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// sources counts what comes in by which way. Their number is bounded by the configuration, which names them.
type sources struct {
	mu  sync.Mutex
	all map[string]*status.Source
}

func newSources() *sources { return &sources{all: make(map[string]*status.Source)} }

// add counts a batch in that arrived at the given time and whose latest event, held ones left out, is latest.
func (s *sources) add(name string, r event.Receipt, arrival, latest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[name]
	if one == nil {
		one = &status.Source{Name: name}
		s.all[name] = one
	}
	one.Accepted += uint64(r.Accepted)
	one.Duplicates += uint64(r.Duplicates)
	one.Conflicts += uint64(r.Conflicts)
	one.Rejected += uint64(r.Rejected)
	if arrival.After(one.LastArrival) {
		one.LastArrival = arrival
	}
	if latest.After(one.LastEvent) {
		one.LastEvent = latest
		one.Lag = max(0, arrival.Sub(latest))
	}
}

// list is a copy, by name.
func (s *sources) list() []status.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]status.Source, 0, len(s.all))
	for _, one := range s.all {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b status.Source) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
