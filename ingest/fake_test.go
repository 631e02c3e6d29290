package ingest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// mishap is what happens to one call of the fake store.
type mishap int

const (
	works mishap = iota
	// unavailable does nothing; lost does everything and says that it did nothing; half does a part and says so.
	unavailable
	lost
	half
)

var errRefused = errors.New("no such column")

// fakeStore keeps events in memory and notes every breach of the Store contract.
type fakeStore struct {
	mu       sync.Mutex
	next     func(operation string) mishap
	poison   map[string]error
	rows     map[identity][]event.Event
	aside    map[identity]map[uint64]bool
	tokens   map[string][]event.Event
	given    map[uint64]identity
	last     uint64
	breaches []string
	calls    map[string]int
	gate     chan struct{}
}

func newFakeStore() *fakeStore {
	return &fakeStore{rows: map[identity][]event.Event{}, aside: map[identity]map[uint64]bool{}, tokens: map[string][]event.Event{},
		given: map[uint64]identity{}, calls: map[string]int{}, poison: map[string]error{}}
}

func (s *fakeStore) begin(ctx context.Context, operation string) (mishap, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return works, ctx.Err()
		}
	}
	s.mu.Lock()
	s.calls[operation]++
	m := works
	if s.next != nil {
		m = s.next(operation)
	}
	if m == unavailable {
		return m, fault.Unavailable(errors.New("down"))
	}
	return m, ctx.Err()
}

func (s *fakeStore) end(m mishap) error {
	if m == works {
		return nil
	}
	return fault.Unavailable(errors.New("response lost"))
}

func (s *fakeStore) breach(format string, args ...any) {
	s.breaches = append(s.breaches, fmt.Sprintf(format, args...))
}

func (s *fakeStore) Known(ctx context.Context, tenant string, ids []string) (map[string]Known, error) {
	m, err := s.begin(ctx, "known")
	defer s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	found := map[string]Known{}
	for _, id := range ids {
		for _, e := range s.rows[identity{tenant, id}] {
			if k := known(&e); found[id] == (Known{}) || k.Beats(found[id]) {
				found[id] = k
			}
		}
	}
	return found, s.end(m)
}

func (s *fakeStore) LastSequence(ctx context.Context) (uint64, error) {
	m, err := s.begin(ctx, "last")
	defer s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return s.last, s.end(m)
}

// number checks the sequences of a batch that is stored for the first time.
func (s *fakeStore) number(events []event.Event) {
	for _, e := range events {
		id := identity{e.Tenant, e.ID}
		if other, twice := s.given[e.Sequence]; twice && other != id {
			s.breach("sequence %d for %v and %v", e.Sequence, other, id)
		}
		if e.Sequence == 0 {
			s.breach("no sequence for %v", id)
		}
		s.given[e.Sequence] = id
		s.last = max(s.last, e.Sequence)
	}
}

// fresh says whether the token is new; one that comes again MUST come with the same events.
func (s *fakeStore) fresh(token string, events []event.Event) bool {
	if old, seen := s.tokens[token]; seen {
		if !reflect.DeepEqual(old, events) {
			s.breach("token %s with other events", token)
		}
		return false
	}
	s.tokens[token] = append([]event.Event(nil), events...)
	return true
}

func (s *fakeStore) poisoned(events []event.Event) error {
	for _, e := range events {
		if err := s.poison[e.ID]; err != nil {
			return err
		}
	}
	return nil
}

func (s *fakeStore) Append(ctx context.Context, token string, events []event.Event) error {
	m, err := s.begin(ctx, "append")
	defer s.mu.Unlock()
	if err == nil {
		err = s.poisoned(events)
	}
	if err != nil || !s.fresh(token, events) {
		return errors.Join(err)
	}
	s.number(events)
	for _, e := range events {
		id := identity{e.Tenant, e.ID}
		if len(s.rows[id]) > 0 {
			s.breach("%v stored twice", id)
		}
		s.rows[id] = append(s.rows[id], e)
	}
	return s.end(m)
}

func (s *fakeStore) SetAside(ctx context.Context, token string, losers []event.Event) error {
	m, err := s.begin(ctx, "aside")
	defer s.mu.Unlock()
	if err == nil {
		err = s.poisoned(losers)
	}
	if err != nil || !s.fresh(token, losers) {
		return errors.Join(err)
	}
	for _, e := range losers {
		s.keep(e)
	}
	return s.end(m)
}

func (s *fakeStore) keep(e event.Event) {
	id := identity{e.Tenant, e.ID}
	if s.aside[id] == nil {
		s.aside[id] = map[uint64]bool{}
	}
	s.aside[id][e.ContentHash] = true
}

func (s *fakeStore) Replace(ctx context.Context, token string, winners []event.Event) error {
	m, err := s.begin(ctx, "replace")
	defer s.mu.Unlock()
	if err == nil {
		err = s.poisoned(winners)
	}
	if err != nil {
		return err
	}
	for _, w := range winners {
		for _, e := range s.rows[identity{w.Tenant, w.ID}] {
			if e.ContentHash != w.ContentHash {
				s.keep(e)
			}
		}
	}
	if s.fresh(token, winners) {
		s.number(winners)
		for _, w := range winners {
			id := identity{w.Tenant, w.ID}
			s.rows[id] = append(s.rows[id], w)
		}
	}
	if m != half {
		for _, w := range winners {
			s.rows[identity{w.Tenant, w.ID}] = []event.Event{w}
		}
	}
	return s.end(m)
}

// settle does what a store does at start: it finishes each Replace that was cut short.
func (s *fakeStore) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, rows := range s.rows {
		best := rows[0]
		for _, e := range rows[1:] {
			if known(&e).Beats(known(&best)) {
				best = e
			}
		}
		s.rows[id] = []event.Event{best}
	}
}

// check reports the breaches.
func (s *fakeStore) check(t interface{ Errorf(string, ...any) }) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.breaches {
		t.Errorf("store: %s", b)
	}
}

func newTestNormaliser(t testing.TB, locator Locator) *Normaliser {
	t.Helper()
	c, err := classify.New(classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewNormaliser(NormaliserOptions{Classifier: c, Locator: locator})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func newTestPipeline(t testing.TB, store Store, change func(*Options)) *Pipeline {
	t.Helper()
	opt := Options{Store: store, Normaliser: newTestNormaliser(t, nil), FirstRetry: 10 * time.Microsecond, MaxRetry: 100 * time.Microsecond}
	if change != nil {
		change(&opt)
	}
	p, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// noClass knows no activity.
type noClass struct{}

func (noClass) Classify(classify.Key) classify.Class { return classify.Class{Activity: "unknown"} }
