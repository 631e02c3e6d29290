package exportertest

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Log is an alert log in memory.
type Log struct {
	mu      sync.Mutex
	changes []alert.Change
	expired uint64
	grown   chan struct{}
}

// NewLog returns an empty log.
func NewLog() *Log { return &Log{grown: make(chan struct{})} }

// Append numbers the changes on and adds them.
func (l *Log) Append(changes ...alert.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		c.Sequence = uint64(len(l.changes)) + 1
		l.changes = append(l.changes, c)
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

// Expire forgets all changes up to a sequence.
func (l *Log) Expire(upTo uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expired = upTo
}

// Head implements exporters.Log.
func (l *Log) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.changes))
}

// Read implements exporters.Log.
func (l *Log) Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	after = min(max(after, l.expired), uint64(len(l.changes)))
	end := min(after+uint64(limit), uint64(len(l.changes)))
	return append([]alert.Change(nil), l.changes[after:end]...), ctx.Err()
}

// Severe implements exporters.Log.
func (l *Log) Severe(ctx context.Context, after, upTo uint64, limit int) ([]alert.Change, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var page []alert.Change
	for _, c := range l.changes[min(max(after, l.expired), uint64(len(l.changes))):min(upTo, uint64(len(l.changes)))] {
		if alert.SeverityRank(c.Severity) >= alert.SeverityRank(alert.SeverityHigh) {
			if page = append(page, c); len(page) == limit {
				return page, c.Sequence, ctx.Err()
			}
		}
	}
	return page, upTo, ctx.Err()
}

// Newest implements exporters.Log.
func (l *Log) Newest(ctx context.Context, ids []string, upTo uint64) (all []alert.Change, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		for i := min(upTo, uint64(len(l.changes))); i > l.expired; i-- {
			if c := l.changes[i-1]; c.ID == id {
				all = append(all, c)
				break
			}
		}
	}
	return all, ctx.Err()
}

// Wait implements exporters.Log.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	for {
		l.mu.Lock()
		head, grown := uint64(len(l.changes)), l.grown
		l.mu.Unlock()
		if head > after {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// Store keeps cursors and dead letters in memory. Its hooks may fail or block an operation.
type Store struct {
	mu      sync.Mutex
	cursors map[string]uint64
	letters map[string]map[uint64]exporters.DeadLetter
	sent    map[string]map[string]exporters.Sent
	stores  int

	// BeforeStore is called before a cursor is stored; an error stands for a database that does not answer.
	BeforeStore func(ctx context.Context, position uint64) error
	// BeforeSent is called before it is stored what was sent.
	BeforeSent func(ctx context.Context) error
	// BeforeLetters is called before dead letters are stored.
	BeforeLetters func(ctx context.Context) error
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{cursors: map[string]uint64{}, letters: map[string]map[uint64]exporters.DeadLetter{}, sent: map[string]map[string]exporters.Sent{}}
}

// LoadCursor implements exporters.Cursors.
func (s *Store) LoadCursor(ctx context.Context, name string) (uint64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	position, found := s.cursors[name]
	return position, found, ctx.Err()
}

// StoreCursor implements exporters.Cursors.
func (s *Store) StoreCursor(ctx context.Context, name string, position uint64) error {
	if s.BeforeStore != nil {
		if err := s.BeforeStore(ctx, position); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursors[name] = position
	s.stores++
	return ctx.Err()
}

// Stores is how often a cursor was stored.
func (s *Store) Stores() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stores
}

// LoadSent implements exporters.Deliveries.
func (s *Store) LoadSent(ctx context.Context, destination string, ids []string) (all []exporters.Sent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if v, ok := s.sent[destination][id]; ok {
			all = append(all, v)
		}
	}
	return all, ctx.Err()
}

// StoreSent implements exporters.Deliveries.
func (s *Store) StoreSent(ctx context.Context, destination string, all []exporters.Sent) error {
	if s.BeforeSent != nil {
		if err := s.BeforeSent(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent[destination] == nil {
		s.sent[destination] = map[string]exporters.Sent{}
	}
	for _, v := range all {
		if v.Sequence >= s.sent[destination][v.AlertID].Sequence {
			s.sent[destination][v.AlertID] = v
		}
	}
	return ctx.Err()
}

// ForgetSent implements exporters.Deliveries.
func (s *Store) ForgetSent(ctx context.Context, destination string, above uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, v := range s.sent[destination] {
		if v.Sequence > above {
			delete(s.sent[destination], id)
		}
	}
	return ctx.Err()
}

// AddDeadLetters implements exporters.DeadLetters.
func (s *Store) AddDeadLetters(ctx context.Context, d []exporters.DeadLetter) error {
	if s.BeforeLetters != nil {
		if err := s.BeforeLetters(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, letter := range d {
		if s.letters[letter.Destination] == nil {
			s.letters[letter.Destination] = map[uint64]exporters.DeadLetter{}
		}
		if !letter.Time.Before(s.letters[letter.Destination][letter.Sequence].Time) {
			s.letters[letter.Destination][letter.Sequence] = letter
		}
	}
	return ctx.Err()
}

// CountDeadLetters implements exporters.DeadLetters.
func (s *Store) CountDeadLetters(ctx context.Context, destination string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.standing(destination))), ctx.Err()
}

// Replays implements exporters.DeadLetters.
func (s *Store) Replays(ctx context.Context, destination string, limit int) (all []exporters.DeadLetter, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.standing(destination) {
		if l.State == status.LetterReplay {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b exporters.DeadLetter) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return all[:min(limit, len(all))], ctx.Err()
}

func (s *Store) standing(destination string) map[uint64]exporters.DeadLetter {
	out := map[uint64]exporters.DeadLetter{}
	for sequence, l := range s.letters[destination] {
		if l.State == status.LetterStands || l.State == status.LetterReplay {
			out[sequence] = l
		}
	}
	return out
}

// DeadLetters are those of a destination by sequence, but for what was sent later or discarded.
func (s *Store) DeadLetters(destination string) map[uint64]exporters.DeadLetter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing(destination)
}
