package ingest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/internal/event"
)

// delivery is one record by one source.
type delivery struct {
	ID, Content int
	Trust       uint8
}

func (d delivery) submission() event.Submission {
	return event.Submission{JSON: fmt.Appendf(nil, `{"timestamp":"2024-06-30T07:08:06Z","eventId":"e%d","site":"s%d"}`, d.ID, d.Content)}
}

// TestAnyOrderAnyBatching delivers the same records in different orders, batches and with different mishaps, and sends
// again what was not acknowledged. The same events stand, each once.
func TestAnyOrderAnyBatching(t *testing.T) {
	defer goleak.VerifyNone(t)
	normaliser := newTestNormaliser(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		deliveries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) delivery {
			return delivery{rapid.IntRange(0, 12).Draw(t, "id"), rapid.IntRange(0, 3).Draw(t, "content"), uint8(rapid.IntRange(1, 3).Draw(t, "trust"))}
		}), 1, 60).Draw(t, "deliveries")
		var first map[identity]Known
		for round := range 2 {
			order := rapid.Permutation(deliveries).Draw(t, "order")
			store := newFakeStore()
			accepted := play(t, store, normaliser, order)
			store.settle()
			store.check(t)
			stands := standing(t, store, deliveries)
			if round == 0 {
				first = stands
			} else if fmt.Sprint(first) != fmt.Sprint(stands) {
				t.Fatalf("one order: %v\nanother: %v", first, stands)
			}
			if accepted > len(stands) {
				t.Fatalf("%d accepted, %d events", accepted, len(stands))
			}
			for n := uint64(1); n <= store.last; n++ {
				if _, ok := store.given[n]; !ok {
					t.Fatalf("sequence %d of %d is missing", n, store.last)
				}
			}
		}
	})
}

// standing checks each id and returns what stands.
func standing(t *rapid.T, s *fakeStore, deliveries []delivery) map[identity]Known {
	best := map[identity]Known{}
	contents := map[identity]map[uint64]bool{}
	n := newPlainNormaliser()
	for _, d := range deliveries {
		e := n.of(d)
		id := identity{e.Tenant, e.ID}
		if k := known(&e); best[id] == (Known{}) || k.Beats(best[id]) {
			best[id] = k
		}
		if contents[id] == nil {
			contents[id] = map[uint64]bool{}
		}
		contents[id][e.ContentHash] = true
	}
	if len(s.rows) != len(best) {
		t.Fatalf("%d events stand, want %d", len(s.rows), len(best))
	}
	for id, rows := range s.rows {
		if len(rows) != 1 || known(&rows[0]) != best[id] {
			t.Fatalf("%v: %d rows stand, %+v, want %+v", id, len(rows), known(&rows[0]), best[id])
		}
		for hash := range contents[id] {
			if hash != best[id].ContentHash && !s.aside[id][hash] {
				t.Fatalf("%v: a record that lost was not kept", id)
			}
		}
	}
	return best
}

// play delivers in random batches from two callers at once, through writers that come and go.
func play(t *rapid.T, store *fakeStore, n *Normaliser, order []delivery) (accepted int) {
	mishaps := rapid.SliceOfN(rapid.SampledFrom([]mishap{works, works, works, unavailable, lost, half}), 0, 30).Draw(t, "mishaps")
	store.next = func(string) mishap {
		if len(mishaps) == 0 {
			return works
		}
		m := mishaps[0]
		mishaps = mishaps[1:]
		return m
	}
	for len(order) > 0 {
		p, err := New(Options{Store: store, Normaliser: n, FirstRetry: time.Microsecond, MaxRetry: time.Microsecond,
			CommitRows: rapid.IntRange(1, 20).Draw(t, "commit rows")})
		if err != nil {
			t.Fatal(err)
		}
		abrupt := rapid.Bool().Draw(t, "abrupt end")
		var callers sync.WaitGroup
		var mu sync.Mutex
		var again []delivery
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			size := min(len(order), rapid.IntRange(1, 20).Draw(t, "size"))
			batch := order[:size]
			order = order[size:]
			callers.Go(func() {
				left, n := ingest(p, batch)
				mu.Lock()
				again, accepted = append(again, left...), accepted+n
				mu.Unlock()
			})
		}
		ctx, cancel := context.WithCancel(context.Background())
		if abrupt {
			cancel()
		} else {
			callers.Wait()
		}
		_ = p.Close(ctx)
		cancel()
		callers.Wait()
		store.settle()
		order = append(again, order...)
	}
	return accepted
}

// ingest sends a batch, by trust; it returns what was not acknowledged.
func ingest(p *Pipeline, batch []delivery) (again []delivery, accepted int) {
	for trust := uint8(1); trust <= 3; trust++ {
		var part []delivery
		var records []event.Submission
		for _, d := range batch {
			if d.Trust == trust {
				part, records = append(part, d), append(records, d.submission())
			}
		}
		r, err := p.Ingest(context.Background(), event.Origin{Tenant: "t", Source: "s", Trust: trust}, records)
		if err != nil {
			again = append(again, part...)
			continue
		}
		if r.Accepted+r.Duplicates+r.Conflicts != len(part) || r.Rejected != 0 {
			panic(fmt.Sprintf("%+v for %d records", r, len(part)))
		}
		accepted += r.Accepted
	}
	return again, accepted
}

// plainNormaliser makes events without a pipeline.
type plainNormaliser struct{ p *Pipeline }

func newPlainNormaliser() plainNormaliser {
	a, err := newAddresses(nil, nil, false)
	if err != nil {
		panic(err)
	}
	return plainNormaliser{&Pipeline{normaliser: &Normaliser{classifier: noClass{}, addresses: a, clients: newClients()}}}
}

func (n plainNormaliser) of(d delivery) event.Event {
	var e event.Event
	if problem := n.p.read(&e, d.submission(), event.Origin{Tenant: "t", Trust: d.Trust}, time.Time{}); problem != nil {
		panic(problem)
	}
	return e
}
