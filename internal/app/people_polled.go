package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// confirmedFor is how long a confirmation waits for the delivery that it is about.
const confirmedFor = time.Hour

// polledDirectories are those that Sealwatch reads by itself.
type polledDirectories struct {
	mu    sync.Mutex
	wakes map[string]func()
	held  map[string]directory.Outcome
	// confirmed deliveries by source, which wait to be read again.
	confirmed map[string]confirmation
}

// confirmation lets a delivery be applied by which nobody leaves but those who were to leave when it was given.
type confirmation struct {
	leaving map[string]bool
	until   time.Time
}

// register names a directory that is read by itself; wake has it read at once.
func (p *polledDirectories) register(source string, wake func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wakes == nil {
		p.wakes, p.held, p.confirmed = map[string]func(){}, map[string]directory.Outcome{}, map[string]confirmation{}
	}
	p.wakes[source] = wake
}

// allowed says whether somebody has confirmed that these leave.
func (p *polledDirectories) allowed(source string, o directory.Outcome) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, given := p.confirmed[source]
	return given && time.Now().Before(c.until) && !slices.ContainsFunc(o.Leaving, func(id string) bool { return !c.leaving[id] })
}

// settle notes what became of a delivery; a confirmation is good for one that is applied.
func (p *polledDirectories) settle(source string, o directory.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, source)
	switch {
	case o.Held:
		p.held[source] = o
	case o.Applied:
		delete(p.confirmed, source)
	}
}

// Deliver takes in a delivery of a directory that Sealwatch reads by itself. A held one comes again until somebody confirms it
// or it is another one; the alert about it is written before Deliver returns.
func (b *peopleBook) Deliver(ctx context.Context, d directory.Delivery) (directory.Outcome, error) {
	o, err := b.take(ctx, d, func(o directory.Outcome) bool { return b.polled.allowed(d.Source, o) })
	if err != nil {
		return o, err
	}
	b.polled.settle(d.Source, o)
	if o.Held {
		return o, b.tellHeld(ctx, &d, o, fmt.Sprintf("sealwatch directory confirm %s --left %d", d.Source, o.Left))
	}
	return o, b.holds.Applied(ctx, d.Source, d.AsOf)
}

// ConfirmDelivery lets the held delivery of a directory that is read by itself be applied, and has it read at once.
func (b *peopleBook) ConfirmDelivery(_ context.Context, source string, left int) (directory.Outcome, error) {
	p := &b.polled
	p.mu.Lock()
	defer p.mu.Unlock()
	wake, known := p.wakes[source]
	o, held := p.held[source]
	switch {
	case !known:
		return o, fault.New(fault.NotFound, "source: found %q, expected a directory that Sealwatch reads by itself; a held file is confirmed by importing it again with confirm", source)
	case !held:
		return o, fault.New(fault.NotFound, "nothing of the directory %q is held; after a restart it is held again when it is read again", source)
	case o.Left != left:
		return o, fault.New(fault.InvalidArgument, "left: found %d, expected %d, as the held delivery has it now", left, o.Left)
	}
	c := confirmation{leaving: make(map[string]bool, len(o.Leaving)), until: time.Now().Add(confirmedFor)}
	for _, id := range o.Leaving {
		c.leaving[id] = true
	}
	p.confirmed[source] = c
	wake()
	return o, nil
}

// Groups of each person who is there now, by id.
func (b *peopleBook) Groups(ctx context.Context, source string) (map[string][]string, error) {
	all := map[string][]string{}
	now := time.Now()
	err := b.db.PeopleOfSource(ctx, b.tenant, source, nil, func(s *directory.State) error {
		switch {
		case s.From.After(now):
		case s.Status == directory.StatusDeleted:
			delete(all, s.DirectoryID)
		default:
			all[s.DirectoryID] = slices.Clone(s.Groups)
		}
		return nil
	})
	return all, err
}
