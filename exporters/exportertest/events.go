package exportertest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Event is an event that is the same at every call with n.
func Event(n int) event.Event {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	e := event.Event{Tenant: "acme", Source: "monitor", ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n), Sequence: uint64(n), Time: at, Arrival: at.Add(90 * time.Second),
		Site: "NA4", AccountID: "5a1e7c9d-52f4-4d0f-8f6e-0b9d3c2a1e10", UserID: "8c3d41a2-7b55-4e0e-9a53-6a1f6d2b9c01", UserName: "Ana Lima", UserEmail: "ana@example.com",
		Object: "User", Action: "Login", Result: "Success", Channel: "Web", Activity: event.ActivityLogon, IPAddress: "198.51.100.7", IP: netip.MustParseAddr("198.51.100.7"), ASN: 64500, ASOrganization: "Example Net",
		Place:     event.Place{Kind: event.PlaceUser, Country: "DE", CountryName: "Germany", Region: "Berlin", City: "Berlin", Latitude: 52.5, Longitude: 13.4, LocatedBy: "record"},
		UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Browser: "Chrome 126", OS: "Windows 10", DeviceType: "desktop", Data: `{"AuthenticationMethod":"password"}`}
	return e
}

// Events are those from first on.
func Events(first, count int) []event.Event {
	all := make([]event.Event, count)
	for i := range all {
		all[i] = Event(first + i)
	}
	return all
}

// EventLog is a log of events in memory.
type EventLog struct {
	mu     sync.Mutex
	events []event.Event
	grown  chan struct{}
	// Fail is called before each read; an error stands for a database that does not answer.
	Fail func() error
}

// NewEventLog returns an empty log.
func NewEventLog() *EventLog { return &EventLog{grown: make(chan struct{})} }

// Append numbers the events on and adds them.
func (l *EventLog) Append(events ...event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		e.Sequence = uint64(len(l.events)) + 1
		l.events = append(l.events, e)
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *EventLog) all() []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// Head implements exporters.EventLog.
func (l *EventLog) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.events))
}

// Read implements exporters.EventLog. It looks at a hundred events at a time, as little as it may, and knows activities and times.
func (l *EventLog) Read(ctx context.Context, s *exporters.EventSelection, after, upTo uint64, limit int) (page []event.Event, through uint64, err error) {
	if l.Fail != nil {
		if err := l.Fail(); err != nil {
			return nil, 0, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for through = after; through < min(upTo, after+100) && len(page) < limit; through++ {
		e := l.events[through]
		if (len(s.Activities) == 0 && !s.Administrative || slices.Contains(s.Activities, e.Activity) || s.Administrative && e.Administrative) && !e.Time.Before(s.Since) {
			page = append(page, e)
		}
	}
	return page, through, ctx.Err()
}

// Find implements exporters.EventLog.
func (l *EventLog) Find(ctx context.Context, ids []string) (all []event.Event, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if slices.Contains(ids, e.ID) {
			all = append(all, e)
		}
	}
	return all, ctx.Err()
}

// Wait implements exporters.EventLog.
func (l *EventLog) Wait(ctx context.Context, after uint64) error {
	for {
		l.mu.Lock()
		head, grown := uint64(len(l.events)), l.grown
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
