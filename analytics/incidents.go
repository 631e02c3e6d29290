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

	mu  sync.RWMutex
	now *grouped
	// past are groups of before that somebody turns the pages of, those that were asked for last at the end.
	past []*grouped
	// rereading holds one element while groups of before are made again.
	rereading chan struct{}
}

// grouped are the incidents that there were from one change to another, both inclusive.
type grouped struct {
	from, to uint64
	list     []alert.Incident
	ofAlert  map[string]int
	// paged says that somebody turns pages of them.
	paged bool
}

// mostPast bounds the groups of before that are held; others are made again.
const mostPast = 2

func group(g alert.Grouping, members map[string]alert.Member, head uint64) *grouped {
	out := &grouped{from: head, to: head, list: g.Group(slices.Collect(maps.Values(members))), ofAlert: map[string]int{}}
	for i := range out.list {
		for k := range out.list[i].Alerts {
			out.ofAlert[out.list[i].Alerts[k].ID] = i
		}
	}
	return out
}

func (g *grouped) withAlert(id string) (alert.Incident, bool) {
	i, ok := g.ofAlert[id]
	if !ok {
		return alert.Incident{}, false
	}
	return g.list[i], true
}

// NewIncidents reads nothing yet.
func NewIncidents(tenant string, store IncidentStore, log *Log, g alert.Grouping) *Incidents {
	return &Incidents{tenant: tenant, store: store, log: log, grouping: g, reading: make(chan struct{}, 1), rereading: make(chan struct{}, 1), members: map[string]alert.Member{}, now: &grouped{}}
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
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now.to = n.head
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
	now := group(n.grouping, n.members, n.head)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.now.paged {
		n.keep(n.now)
	}
	n.now = now
}

// keep holds groups of before in the place of those that were asked for longest ago. n.mu MUST be held.
func (n *Incidents) keep(g *grouped) {
	n.past = append(slices.DeleteFunc(n.past, func(o *grouped) bool { return o == g }), g)
	if len(n.past) > mostPast {
		n.past = slices.Delete(n.past, 0, len(n.past)-mostPast)
	}
}

// at are the groups as they were when head was the last change, and that change; 0 is now. Those of now are held as long as others turn
// their pages, if paged.
func (n *Incidents) at(ctx context.Context, head uint64, paged bool) (*grouped, uint64, error) {
	if head == 0 {
		if err := n.catchUp(ctx); err != nil {
			return nil, 0, err
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.now.paged = n.now.paged || paged
		return n.now, n.now.to, nil
	}
	if head > n.log.Head() {
		return nil, 0, fault.New(fault.InvalidPageToken, "the page token is of another database, or of one that was set back; begin with the first page")
	}
	if g := n.held(head); g != nil {
		return g, head, nil
	}
	select {
	case n.rereading <- struct{}{}:
		defer func() { <-n.rereading }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	if g := n.held(head); g != nil { // somebody else has read them meanwhile
		return g, head, nil
	}
	members := map[string]alert.Member{}
	err := n.store.EachStandingAlert(ctx, n.tenant, head, func(a *alert.Alert) {
		if m, ok := alert.NewMember(a); ok {
			members[a.ID] = m
		}
	})
	if err != nil {
		return nil, 0, fmt.Errorf("analytics: incidents: %w", err)
	}
	g := group(n.grouping, members, head)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keep(g)
	return g, head, nil
}

// held are the groups of a change that are held; nil when there are none.
func (n *Incidents) held(head uint64) *grouped {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.now.from <= head && head <= n.now.to {
		return n.now
	}
	for _, g := range n.past {
		if g.from <= head && head <= g.to {
			n.keep(g)
			return g
		}
	}
	return nil
}

// ListIncidents returns all that the filter selected when head was the last change, in the order of their ids, and that change; a head of 0
// is now. The caller MUST NOT change them.
func (n *Incidents) ListIncidents(ctx context.Context, f alert.IncidentFilter, head uint64) ([]alert.Incident, uint64, error) {
	g, at, err := n.at(ctx, head, true)
	if err != nil {
		return nil, 0, err
	}
	var out []alert.Incident
	for i := range g.list {
		if f.Match(&g.list[i]) {
			out = append(out, g.list[i])
		}
	}
	return out, at, nil
}

// IncidentsAt are the incidents of ids when head was the last change, as GetIncident finds them, and that change; a head of 0 is now.
func (n *Incidents) IncidentsAt(ctx context.Context, ids []string, head uint64) ([]alert.Incident, uint64, error) {
	g, at, err := n.at(ctx, head, true)
	if err != nil {
		return nil, 0, err
	}
	out := make([]alert.Incident, len(ids))
	for i, id := range ids {
		if out[i], err = n.find(ctx, g, id); err != nil {
			return nil, 0, err
		}
	}
	return out, at, nil
}

// mostHeirs bounds how often an alert is followed to the one that took its place.
const mostHeirs = 100

// GetIncident returns the incident to which the alert of that id belongs: the id of an incident is that of its first alert, so that one
// which has got an earlier alert, was joined with another, or whose first alert has a new anchor, is still found by its id of
// before. It fails with fault.NotFound when there is none.
func (n *Incidents) GetIncident(ctx context.Context, id string) (alert.Incident, error) {
	g, _, err := n.at(ctx, 0, false)
	if err != nil {
		return alert.Incident{}, err
	}
	return n.find(ctx, g, id)
}

func (n *Incidents) find(ctx context.Context, g *grouped, id string) (alert.Incident, error) {
	next, text := id, "there is no incident %q"
	for range mostHeirs {
		if found, ok := g.withAlert(next); ok {
			return found, nil
		}
		a, err := n.store.GetAlert(ctx, n.tenant, next)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return alert.Incident{}, err
		}
		if err == nil {
			text = "alert %q belongs to no incident; nothing else was found that goes with it"
		}
		if next = a.SupersededBy; next == "" {
			break
		}
	}
	return alert.Incident{}, fault.New(fault.NotFound, text, id)
}

// IncidentsOf tells the incidents of alerts; those that belong to none are left out.
func (n *Incidents) IncidentsOf(ctx context.Context, ids []string) (map[string]string, error) {
	g, _, err := n.at(ctx, 0, false)
	if err != nil {
		return nil, err
	}
	of := make(map[string]string)
	for _, id := range ids {
		if found, ok := g.withAlert(id); ok {
			of[id] = found.ID
		}
	}
	return of, nil
}
