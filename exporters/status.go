package exporters

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/sealwatch/sealwatch/internal/status"
)

// Status says how the destination is doing. Pending counts the changes in the log behind the position, whether the
// filter lets them through or not; Delivered counts since the start of the process.
func (r *Runner) Status() status.Destination {
	s := r.state.snapshot()
	s.Pending = r.pending()
	return s
}

// state is what Status shows.
type state struct {
	mu       sync.Mutex
	d        status.Destination
	failures int // in a row
}

func (s *state) begin(name, kind string) {
	s.d = status.Destination{Name: name, Kind: kind, State: status.DestinationOK}
}

func (s *state) snapshot() status.Destination {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d
}

func (s *state) setDeadLetters(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.DeadLetters = n
}

func (s *state) addDeadLetters(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.DeadLetters += uint64(n)
}

func (s *state) addDelivered(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.Delivered += uint64(n)
	s.d.LastSuccess = time.Now().UTC()
}

func (s *state) addHistorical(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.Historical += uint64(n) //nolint:gosec // of a page
}

func (s *state) setOldestPending(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.OldestPending = t
}

// beat notes what became of a heartbeat, and returns whether its failure is news.
func (s *state) beat(at time.Time, problem string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.d.HeartbeatError
	if s.d.HeartbeatError = problem; problem == "" {
		s.d.LastHeartbeat = at.UTC()
	}
	return problem != "" && before == ""
}

// fail returns whether this is news: the first failure in a row, or another one than before.
func (s *state) fail(paused bool, problem string, next time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures++
	before := s.d.State
	s.d.State = status.DestinationRetrying
	if paused {
		s.d.State = status.DestinationPaused
	}
	s.d.LastError, s.d.NextAttempt = problem, next.UTC()
	return before != s.d.State
}

// recover returns how many failures came before.
func (s *state) recover() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.failures
	s.failures = 0
	s.d.State, s.d.LastError, s.d.NextAttempt = status.DestinationOK, "", time.Time{}
	return n
}

// maxProblem bounds the text of an error that is kept, in bytes: a receiver may send a whole page.
const maxProblem = 1000

// presentable makes a text that came from outside safe to show and to store.
func presentable(text string) string {
	cut := len(text) > maxProblem
	if cut {
		text = text[:maxProblem]
	}
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if cut {
		text += "..."
	}
	return text
}
