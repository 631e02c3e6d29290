package app

import (
	"cmp"
	"context"
	"net/netip"
	"sync"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
)

// arrivedStore has the events, and who was who.
type arrivedStore interface {
	LastEventSequence(ctx context.Context) (uint64, error)
	ArrivedEvents(ctx context.Context, tenant string, q clickhouse.Arrived, limit int) ([]event.Event, uint64, error)
	ListEvents(ctx context.Context, tenant string, f event.Filter, after event.Cursor, limit int, whole bool) ([]event.Event, error)
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
}

// eventLog is the stored events as destinations forward them: in the order of arrival.
type eventLog struct {
	db     arrivedStore
	tenant string

	mu    sync.Mutex
	head  uint64
	grown chan struct{}
}

func openEventLog(ctx context.Context, db arrivedStore, tenant string) (*eventLog, error) {
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
	page, through, err := l.db.ArrivedEvents(ctx, l.tenant, clickhouse.Arrived{After: after, UpTo: upTo, Since: s.Since, Activities: s.Activities, Administrative: s.Administrative, Users: s.Users}, limit)
	if err == nil {
		err = l.name(ctx, page)
	}
	return page, through, err
}

// Find implements exporters.EventLog.
func (l *eventLog) Find(ctx context.Context, ids []string) ([]event.Event, error) {
	found, err := l.db.ListEvents(ctx, l.tenant, event.Filter{IDs: ids}, event.Cursor{}, 2*len(ids), false) // two while a conflict is settled
	for i := range found {
		found[i].IP, _ = netip.ParseAddr(found[i].IPAddress) // empty, or none
	}
	if err == nil {
		err = l.name(ctx, found)
	}
	return found, err
}

// name calls who acted as alerts call them: by the name that the directory has at the time of the event, else that of the record, and by
// the address of the record, else that of the directory.
func (l *eventLog) name(ctx context.Context, events []event.Event) error {
	questions := make([]directory.Question, len(events))
	for i := range events {
		questions[i] = directory.Question{SubjectID: events[i].UserID, Email: events[i].UserEmail, At: events[i].Time}
	}
	answers, err := l.db.DirectoryAt(ctx, l.tenant, questions)
	if err != nil {
		return err
	}
	for i := range answers {
		if !answers[i].Known() {
			continue
		}
		name, email := answers[i].Named()
		events[i].UserName, events[i].UserEmail = cmp.Or(name, events[i].UserName), cmp.Or(events[i].UserEmail, email)
	}
	return nil
}
