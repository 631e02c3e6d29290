package app

import (
	"context"
	"net/netip"
	"sync"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

// eventLog is the stored events as destinations forward them: in the order of arrival.
type eventLog struct {
	db     *clickhouse.DB
	tenant string

	mu    sync.Mutex
	head  uint64
	grown chan struct{}
}

func openEventLog(ctx context.Context, db *clickhouse.DB, tenant string) (*eventLog, error) {
	head, err := db.LastEventSequence(ctx)
	return &eventLog{db: db, tenant: tenant, head: head, grown: make(chan struct{})}, err
}

// committed tells that events up to the sequence are stored.
func (l *eventLog) committed(sequence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sequence <= l.head {
		return
	}
	l.head = sequence
	close(l.grown)
	l.grown = make(chan struct{})
}

// Head implements exporters.EventLog.
func (l *eventLog) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Wait implements exporters.EventLog.
func (l *eventLog) Wait(ctx context.Context, after uint64) error {
	for {
		l.mu.Lock()
		head, grown := l.head, l.grown
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

// Read implements exporters.EventLog.
func (l *eventLog) Read(ctx context.Context, s *exporters.EventSelection, after, upTo uint64, limit int) ([]event.Event, uint64, error) {
	return l.db.ArrivedEvents(ctx, l.tenant, clickhouse.Arrived{After: after, UpTo: upTo, Since: s.Since, Activities: s.Activities, Administrative: s.Administrative, Users: s.Users}, limit)
}

// Find implements exporters.EventLog.
func (l *eventLog) Find(ctx context.Context, ids []string) ([]event.Event, error) {
	found, err := l.db.ListEvents(ctx, l.tenant, event.Filter{IDs: ids}, event.Cursor{}, 2*len(ids), false) // two while a conflict is settled
	for i := range found {
		found[i].IP, _ = netip.ParseAddr(found[i].IPAddress) // empty, or none
	}
	return found, err
}
