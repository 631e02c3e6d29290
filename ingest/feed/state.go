package feed

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/status"
)

// kept is what a feed remembers over a restart.
type kept struct {
	// Basis is what the copy was read by: another one makes the mark worthless.
	Basis string `json:"basis,omitempty"`
	// Mark and Digest are of the copy that was taken in last.
	Mark   mark   `json:"mark"`
	Digest string `json:"digest,omitempty"`
	// Attempt is when it was last fetched, Success when a copy was last taken in or was still the same.
	Attempt time.Time `json:"attempt"`
	Success time.Time `json:"success"`
	Entries int       `json:"entries"`
	Added   int       `json:"added"`
	Removed int       `json:"removed"`
	// Changed is when a copy last changed something.
	Changed time.Time `json:"changed"`
	// Held is a copy that waits for somebody to confirm it.
	Held *held `json:"held,omitempty"`
	// Confirmed is how many entries a copy may shrink to, as somebody said at ConfirmedAt; nil when nobody did.
	Confirmed   *int      `json:"confirmed,omitempty"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	Problem     string    `json:"problem,omitempty"`
}

// held is a copy that shrank suspiciously.
type held struct {
	Since   time.Time `json:"since"`
	Entries int       `json:"entries"`
	Before  int       `json:"before"`
}

// confirms says whether somebody said, not long ago, that a copy with n entries is right.
func (k *kept) confirms(n int, now time.Time) bool {
	return k.Confirmed != nil && now.Sub(k.ConfirmedAt) < confirmationLife && float64(n) >= 0.9*float64(*k.Confirmed)
}

func (k *kept) unconfirm() { k.Confirmed, k.ConfirmedAt = nil, time.Time{} }

func (k *kept) text() (string, error) {
	b, err := json.Marshal(k)
	return string(b), err
}

func (k *kept) parse(text string) error {
	if err := json.Unmarshal([]byte(text), k); err != nil {
		return fmt.Errorf("the state of the feed cannot be read: %w", err)
	}
	return nil
}

// state is what the status shows.
type state struct {
	mu     sync.Mutex
	k      kept
	state  string
	next   time.Time
	errors map[string]uint64
}

// change changes the state, and shows it.
func (s *state) change(f func(*state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Status says how the feed is doing.
func (f *Feed) Status() status.Feed {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	s := &f.state
	out := status.Feed{Name: f.o.Says.Source, Preset: f.o.Preset, Licence: f.o.Licence, Address: Shown(f.o.URL), Format: f.o.Format, Category: f.o.Says.Category, Tags: f.o.Says.Tags,
		State: s.state, LastSuccess: s.k.Success, LastAttempt: s.k.Attempt, LastChange: s.k.Changed, NextAttempt: s.next, Entries: s.k.Entries, Added: s.k.Added, Removed: s.k.Removed,
		LastError: s.k.Problem, Errors: maps.Clone(s.errors)}
	if h := s.k.Held; h != nil {
		out.HeldEntries, out.HeldSince = h.Entries, h.Since
	}
	return out
}
