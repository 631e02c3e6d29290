package analytics

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// IncidentStore is what Incidents read.
type IncidentStore interface {
	EachStandingAlert(ctx context.Context, tenant string, head uint64, each func(*alert.Alert)) error
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
}

// Incidents groups the alerts as they stand. Nothing of it is stored: what incidents there are follows from the alerts, so that any
// process finds the same. It holds some 500 bytes for each alert that was raised.
type Incidents struct {
	tenant   string
	store    IncidentStore
	log      *Log
	grouping alert.Grouping

	// reading holds one element while somebody catches up with the log; who waits for it has what that one has read.
	reading chan struct{}
	loaded  bool
	head    uint64
	members map[string]alert.Member
	// stale says that the members are others than those that were grouped.
	stale bool
	// groupings counts how often all were grouped.
	groupings int

	mu      sync.RWMutex
	list    []alert.Incident
	ofAlert map[string]int
}

// NewIncidents reads nothing yet.
func NewIncidents(tenant string, store IncidentStore, log *Log, g alert.Grouping) *Incidents {
	return &Incidents{tenant: tenant, store: store, log: log, grouping: g, reading: make(chan struct{}, 1), members: map[string]alert.Member{}}
}

// incidentPage is how many changes are read at once.
const incidentPage = 1000

// catchUp brings the groups in step with the log as it is now.
func (n *Incidents) catchUp(ctx context.Context) error {
	head := n.log.Head()
	select {
	case n.reading <- struct{}{}:
		defer func() { <-n.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !n.loaded {
		if err := n.load(ctx, head); err != nil {
			return err
		}
		n.stale = true
	}
	for n.head < head {
		page, err := n.log.Read(ctx, n.head, incidentPage)
		if err != nil {
			return fmt.Errorf("analytics: incidents: %w", err)
		}
		if len(page) == 0 {
			return fmt.Errorf("analytics: incidents: the alert log has nothing after change %d of %d", n.head, head)
		}
		for i := range page {
			n.stale = n.take(&page[i].Alert) || n.stale
			n.head = page[i].Sequence
		}
	}
	if n.stale {
		n.regroup()
		n.stale = false
	}
	return nil
}

// load reads all alerts that stand.
func (n *Incidents) load(ctx context.Context, head uint64) error {
	clear(n.members)
	if err := n.store.EachStandingAlert(ctx, n.tenant, head, func(a *alert.Alert) { n.take(a) }); err != nil {
		return fmt.Errorf("analytics: incidents: %w", err)
	}
	n.head, n.loaded = head, true
	return nil
}

// take puts an alert into the place of its version before, and says whether that can change an incident.
func (n *Incidents) take(a *alert.Alert) bool {
	if a.Tenant != n.tenant {
		return false
	}
	m, ok := alert.NewMember(a)
	before, known := n.members[a.ID]
	if !ok {
		delete(n.members, a.ID)
		return known
	}
	n.members[a.ID] = m
	return !known || !reflect.DeepEqual(before, m)
}

func (n *Incidents) regroup() {
	n.groupings++
	list := n.grouping.Group(slices.Collect(maps.Values(n.members)))
	of := make(map[string]int)
	for i := range list {
		for k := range list[i].Alerts {
			of[list[i].Alerts[k].ID] = i
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list, n.ofAlert = list, of
}

// ListIncidents returns all that the filter selects, in the order of their ids. The caller MUST NOT change them.
func (n *Incidents) ListIncidents(ctx context.Context, f alert.IncidentFilter) ([]alert.Incident, error) {
	if err := n.catchUp(ctx); err != nil {
		return nil, err
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []alert.Incident
	for i := range n.list {
		if f.Match(&n.list[i]) {
			out = append(out, n.list[i])
		}
	}
	return out, nil
}

// mostHeirs bounds how often an alert is followed to the one that took its place.
const mostHeirs = 100

// GetIncident returns the incident to which the alert of that id belongs: the id of an incident is that of its first alert, so that one
// which has got an earlier alert, was joined with another, or whose first alert has a new anchor, is still found by its id of
// before. It fails with fault.NotFound when there is none.
func (n *Incidents) GetIncident(ctx context.Context, id string) (alert.Incident, error) {
	if err := n.catchUp(ctx); err != nil {
		return alert.Incident{}, err
	}
	next := id
	for range mostHeirs {
		if found, ok := n.withAlert(next); ok {
			return found, nil
		}
		a, err := n.store.GetAlert(ctx, n.tenant, next)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return alert.Incident{}, err
		}
		if next = a.SupersededBy; next == "" {
			break
		}
	}
	return alert.Incident{}, fault.New(fault.NotFound, "there is no incident %q", id)
}

func (n *Incidents) withAlert(id string) (alert.Incident, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	i, ok := n.ofAlert[id]
	if !ok {
		return alert.Incident{}, false
	}
	return n.list[i], true
}

// IncidentsOf tells the incidents of alerts; those that belong to none are left out.
func (n *Incidents) IncidentsOf(ctx context.Context, ids []string) (map[string]string, error) {
	if err := n.catchUp(ctx); err != nil {
		return nil, err
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	of := make(map[string]string)
	for _, id := range ids {
		if i, found := n.ofAlert[id]; found {
			of[id] = n.list[i].ID
		}
	}
	return of, nil
}
