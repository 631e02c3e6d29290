package app

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// eventStore is the database as the one writer of events sees it.
type eventStore struct {
	db  *clickhouse.DB
	ids *clickhouse.Identities
}

func (s eventStore) Known(ctx context.Context, tenant string, ids []string) (map[string]ingest.Known, error) {
	stored, err := s.ids.Known(ctx, tenant, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[string]ingest.Known, len(stored))
	for id, k := range stored {
		known[id] = ingest.Known(k)
	}
	return known, nil
}

func (s eventStore) Append(ctx context.Context, token string, events []event.Event) error {
	return s.ids.Append(ctx, token, events)
}

func (s eventStore) SetAside(ctx context.Context, token string, losers []event.Event) error {
	return s.db.SetAside(ctx, token, losers)
}

func (s eventStore) Replace(ctx context.Context, token string, winners []event.Event) error {
	return s.db.ReplaceEvents(ctx, token, winners)
}

func (s eventStore) LastSequence(ctx context.Context) (uint64, error) {
	return s.db.LastEventSequence(ctx)
}

// deliveryStore keeps cursors and dead letters of destinations. A destination has one runner, so that its cursor has one
// writer.
type deliveryStore struct {
	db *clickhouse.DB

	mu       sync.Mutex
	versions map[string]uint64
}

func newDeliveryStore(db *clickhouse.DB) *deliveryStore {
	return &deliveryStore{db: db, versions: map[string]uint64{}}
}

func cursorName(destination string) string { return "export/" + destination }

func (s *deliveryStore) LoadCursor(ctx context.Context, name string) (uint64, bool, error) {
	c, found, err := s.db.LoadCheckpoint(ctx, cursorName(name))
	if err != nil {
		return 0, false, fmt.Errorf("cursor of destination %s: %w", name, err)
	}
	s.mu.Lock()
	s.versions[name] = c.Version
	s.mu.Unlock()
	return c.Position, found, nil
}

func (s *deliveryStore) StoreCursor(ctx context.Context, name string, position uint64) error {
	s.mu.Lock()
	s.versions[name]++
	version := s.versions[name]
	s.mu.Unlock()
	err := s.db.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{cursorName(name): {Position: position, Version: version}})
	if err != nil {
		return fmt.Errorf("cursor of destination %s: %w", name, err)
	}
	return nil
}

func (s *deliveryStore) AddDeadLetters(ctx context.Context, letters []exporters.DeadLetter) error {
	return s.db.AddDeadLetters(ctx, uuid.NewString(), letters)
}

func (s *deliveryStore) CountDeadLetters(ctx context.Context, destination string) (uint64, error) {
	return s.db.CountDeadLetters(ctx, destination)
}

func (s *deliveryStore) Replays(ctx context.Context, destination string, limit int) ([]exporters.DeadLetter, error) {
	return s.db.Replays(ctx, destination, limit)
}

// addressBook is what is known about addresses: the analysis takes it in, the database lists it.
type addressBook struct {
	*analytics.Runner
	db *clickhouse.DB
}

func (b addressBook) Touched(ctx context.Context, tenant string, prefixes []netip.Prefix) (events, users uint64, err error) {
	return b.db.EventsOfRanges(ctx, tenant, prefixes)
}

func (b addressBook) ListRanges(ctx context.Context, tenant string, sources []string, afterSource, afterPrefix string, afterFrom time.Time, limit int) ([]intelligence.Range, error) {
	return b.db.ListRanges(ctx, tenant, sources, afterSource, afterPrefix, afterFrom, limit)
}
