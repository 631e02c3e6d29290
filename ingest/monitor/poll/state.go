package poll

import (
	"maps"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/status"
)

// state is what the status shows.
type state struct {
	mu sync.Mutex
	p  status.Polling
	// current is when the source was last read to its end, or the Poller began.
	current time.Time
}

func (s *state) begin(at time.Time) {
	s.p = status.Polling{State: status.PollingStarting, Remaining: -1, Errors: map[string]uint64{}}
	s.current = at
}

func (s *state) snapshot(now time.Time) status.Polling {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.p
	p.Errors = maps.Clone(s.p.Errors)
	p.Behind = max(0, now.Sub(s.current))
	return p
}

func (s *state) called() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.Calls++
}

func (s *state) budget(remaining int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.Remaining = remaining
}

func (s *state) next(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.NextAttempt = at.UTC()
}

func (s *state) failed(state, kind, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.State, s.p.LastError = state, problem
	s.p.Errors[kind]++
}

// succeeded notes a page; atEnd says that there is nothing behind it.
func (s *state) succeeded(at time.Time, atEnd bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.State, s.p.LastError, s.p.LastSuccess = status.PollingCatchingUp, "", at.UTC()
	if atEnd {
		s.p.State, s.current = status.PollingCurrent, at
	}
}

// recovered takes back a failure that no page was lost by.
func (s *state) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p.State, s.p.LastError = status.PollingCatchingUp, ""
}
