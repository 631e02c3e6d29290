package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// ringSize is the number of the latest changes that readers get without the database, ringBytes how much of them: some of 2 KB each, few
// with many remarks.
const (
	ringSize  = 8192
	ringBytes = 32 << 20
)

// LogStore keeps the alert log.
type LogStore interface {
	// LastChange is the sequence of the last change; 0 before the first.
	LastChange(ctx context.Context) (uint64, error)
	// AppendChanges stores all of the changes or none; a retry of the same batch carries the same token.
	AppendChanges(ctx context.Context, token string, changes []alert.Change) error
	// ReadChanges returns up to limit changes after the sequence, in order.
	ReadChanges(ctx context.Context, after uint64, limit int) ([]alert.Change, error)
	// OldestChange is the sequence of the first change that is stored, 0 when there is none.
	OldestChange(ctx context.Context) (uint64, error)
	// FirstChangeSince is the sequence of the first change made at that time or later, 0 when there is none.
	FirstChangeSince(ctx context.Context, at time.Time) (uint64, error)
	// GetAlert returns the newest version of an alert, or fault.NotFound.
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
	// AlertsByID returns the newest version of each of the alerts that there are, in no order.
	AlertsByID(ctx context.Context, tenant string, ids []string) ([]alert.Alert, error)
}

// Log is the one writer of alerts. Every change, by the analysis or by a person, goes through it and gets the next
// sequence when it is durable; nothing can appear behind a reader's cursor. One process MUST write at a time.
type Log struct {
	store LogStore
	log   *slog.Logger
	clock func() time.Time

	// life ends with Close: until then a batch is sent again and again while the store does not answer.
	life context.Context
	end  context.CancelFunc

	// writing holds one element from reading the alerts that a change builds on until the change is durable.
	writing chan struct{}
	head    atomic.Uint64
	// uncertain says that the store refused a batch: where the log ends is read before the next one. It belongs to who
	// holds writing.
	uncertain bool

	mu    sync.Mutex
	ring  []alert.Change // in order of sequence, the latest last
	held  int            // bytes of the ring, about
	grown chan struct{}  // closed when head advances, then made anew
}

// OpenLog reads where the log ends.
func OpenLog(ctx context.Context, store LogStore, clock func() time.Time, logger *slog.Logger) (*Log, error) {
	head, err := store.LastChange(ctx)
	if err != nil {
		return nil, fmt.Errorf("analytics: alert log: %w", err)
	}
	l := &Log{store: store, log: logger, clock: clock, writing: make(chan struct{}, 1), grown: make(chan struct{})}
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	l.head.Store(head)
	return l, nil
}

// Head is the sequence of the last durable change.
func (l *Log) Head() uint64 { return l.head.Load() }

// Wait returns nil when Head is beyond after, or the error of ctx.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	for {
		l.mu.Lock()
		grown := l.grown
		l.mu.Unlock()
		if l.Head() > after {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Read returns up to limit changes after the sequence, in order and without a gap.
func (l *Log) Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	head := l.Head()
	if after >= head || limit <= 0 {
		return nil, nil
	}
	if page := l.Recent(after, limit); len(page) > 0 {
		return page, nil
	}
	page, err := l.store.ReadChanges(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range page {
		if page[i].Sequence != after+1+uint64(i) {
			return nil, fmt.Errorf("analytics: alert log: change %d follows %d", page[i].Sequence, after+uint64(i))
		}
		if page[i].Sequence > head {
			return page[:i], nil
		}
	}
	return page, nil
}

// Recent is Read of the changes that are in memory; none when the one after the sequence is not there.
func (l *Log) Recent(after uint64, limit int) []alert.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.ring)
	if n == 0 || limit <= 0 || l.ring[0].Sequence > after+1 || l.ring[n-1].Sequence <= after {
		return nil
	}
	first := int(after + 1 - l.ring[0].Sequence)
	return append([]alert.Change(nil), l.ring[first:min(n, first+limit)]...)
}

// Oldest is the sequence of the first change that is retained, 0 when there is none.
func (l *Log) Oldest(ctx context.Context) (uint64, error) { return l.store.OldestChange(ctx) }

// FirstSince is the sequence of the first change made at that time or later, 0 when there is none yet.
func (l *Log) FirstSince(ctx context.Context, at time.Time) (uint64, error) {
	// Changes have their time in milliseconds, cut.
	return l.store.FirstChangeSince(ctx, at.Truncate(time.Millisecond))
}

// Close lets a write that the store does not answer fail, and every later one. The outcome of such a write is not known;
// OpenLog of the next process finds out.
func (l *Log) Close() { l.end() }

// Update lets make work out changes from what stands, and stores them; nobody else writes meanwhile. It returns when
// the changes are durable. A batch has its sequences from the moment that it is made, and whether one whose answer was
// lost was stored is not known: so the same batch is sent until the store answers or the log is closed, also when ctx
// has ended meanwhile.
func (l *Log) Update(ctx context.Context, make func(context.Context) ([]alert.Change, error)) error {
	select {
	case l.writing <- struct{}{}:
		defer func() { <-l.writing }()
	case <-ctx.Done():
		return ctx.Err()
	case <-l.life.Done():
	}
	if err := l.life.Err(); err != nil {
		return &fault.Error{Reason: fault.ShuttingDown, Message: "the alert log is closed", Err: err}
	}
	if err := l.certain(ctx); err != nil {
		return err
	}
	changes, err := make(ctx)
	if err != nil || len(changes) == 0 {
		return err
	}
	at := l.clock().UTC().Truncate(time.Millisecond)
	for i := range changes {
		c := &changes[i]
		c.Sequence = l.Head() + 1 + uint64(i)
		c.Updated = at
		if c.Created.IsZero() {
			c.Created = at
		}
		c.Triage.Stamp(at)
	}
	token := uuid.NewString()
	_, err = backoff.Retry(l.life, func() (struct{}, error) {
		err := l.store.AppendChanges(l.life, token, changes)
		if err != nil && !fault.Is(err, fault.StorageUnavailable) {
			return struct{}{}, backoff.Permanent(err)
		}
		if err != nil {
			l.log.WarnContext(ctx, "alert log: the store does not answer, trying again", slog.Int("changes", len(changes)), slog.Any("error", err))
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 50 * time.Millisecond, Multiplier: 2, MaxInterval: 2 * time.Second, RandomizationFactor: 0.5}))
	if err != nil {
		l.uncertain = true
		return fmt.Errorf("analytics: alert log: %w", err)
	}
	l.advance(changes)
	return nil
}

// certain finds out where the log ends after a batch that the store refused: a part of the answer may have been wrong.
func (l *Log) certain(ctx context.Context) error {
	if !l.uncertain {
		return nil
	}
	head, err := l.store.LastChange(ctx)
	if err != nil {
		return fmt.Errorf("analytics: alert log: %w", err)
	}
	if head != l.Head() {
		l.mu.Lock()
		l.ring, l.held = nil, 0 // it has a gap
		l.mu.Unlock()
		l.publish(head)
	}
	l.uncertain = false
	return nil
}

func (l *Log) advance(changes []alert.Change) {
	l.mu.Lock()
	l.ring = append(l.ring, changes...)
	for i := range changes {
		l.held += changes[i].Size()
	}
	if len(l.ring) > 2*ringSize || l.held > 2*ringBytes {
		first := 0
		for first < len(l.ring)-ringSize || first < len(l.ring) && l.held > ringBytes {
			l.held -= l.ring[first].Size()
			first++
		}
		l.ring = append([]alert.Change(nil), l.ring[first:]...)
	}
	l.mu.Unlock()
	l.publish(changes[len(changes)-1].Sequence)
}

func (l *Log) publish(head uint64) {
	l.head.Store(head)
	l.mu.Lock()
	close(l.grown)
	l.grown = make(chan struct{})
	l.mu.Unlock()
}
