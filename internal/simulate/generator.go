package simulate

import (
	"container/heap"
	"fmt"
	"io"
	"time"
)

// Generator makes the records one by one. It is for one goroutine.
type Generator struct {
	o                Options
	places, offices  []*place
	headquarters     *place // where DocuSign's own servers are
	datacentre       *place // where integrations run
	users            []*user
	account          string
	organisation     string
	next, last       int64 // days to plan, as numbers since 1970
	waiting          queue
	order            uint64
	delivery         chance
	attackNumber     int64
	attackTime       time.Time
	lastVictim       map[int]time.Time
	attacksAvailable []attack
	noises           []noise
	acting           string // the noise that acts
	applications     []*user
	neighbours       map[neighbourhood][]*place
}

// New founds the organisation. An error names every option that is not as it has to be.
func New(o Options) (*Generator, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	places, err := readPlaces()
	if err != nil {
		return nil, err
	}
	o.Start, o.End = o.Start.UTC().Truncate(100), o.End.UTC().Truncate(100)
	if o.AttacksFrom.IsZero() {
		o.AttacksFrom = o.Start.Add(min(7*24*time.Hour, o.End.Sub(o.Start)/4))
	}
	g := &Generator{
		o: o, places: places, lastVictim: map[int]time.Time{}, neighbours: map[neighbourhood][]*place{}, delivery: newChance(o.Seed, "delivery"),
		headquarters: &place{city: "seattle", state: "washington", country: "united states", latitude: 47.6, longitude: -122.33, zone: time.UTC},
		datacentre:   &place{city: "ashburn", state: "virginia", country: "united states", latitude: 39.04, longitude: -77.49, zone: time.UTC},
		// A local day begins up to 14 hours before and ends up to 12 after the day of the same date in UTC.
		next: dayOf(o.Start) - 1, last: dayOf(o.End) + 1,
	}
	g.disturb()
	g.found()
	g.arm()
	return g, nil
}

// dayOf is the number of a UTC day since 1970.
func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

// Next returns the next delivered record, and io.EOF after the last.
func (g *Generator) Next() (Item, error) {
	for g.next <= g.last {
		// Nothing that is planned from here on happens before the earliest beginning of the next day on Earth.
		horizon := date(g.next, time.UTC).Add(-14 * time.Hour)
		if len(g.waiting) > 0 && g.waiting[0].arrival.Before(horizon) {
			break
		}
		g.plan(g.next)
		g.next++
	}
	if len(g.waiting) == 0 {
		return Item{}, io.EOF
	}
	d := heap.Pop(&g.waiting).(delivery)
	if !d.again && g.delivery.happens(g.o.Repeats) {
		g.enqueue(d.record, d.arrival.Add(g.delivery.span(30*time.Second, 10*time.Minute)), true)
	}
	text, err := g.encode(d.record)
	if err != nil {
		return Item{}, fmt.Errorf("simulate: record %s: %w", d.record.id, err)
	}
	return Item{Time: d.record.at, Arrival: d.arrival, ID: d.record.id, Noise: d.record.noise, Delivery: d.record.told != nil, JSON: text}, nil
}

// plan lays out everything that begins on a day.
func (g *Generator) plan(day int64) {
	for _, u := range g.users {
		s := g.shift(u, day)
		if len(s.sessions) > 0 {
			for _, does := range behaviours() {
				does(s)
			}
		}
		if u.leaves(date(day, time.UTC)) {
			continue
		}
		for _, n := range g.noises {
			if n.act != nil {
				g.acting = n.name
				n.act(s, n.rate)
				g.acting = ""
			}
		}
	}
	g.attack(date(day+1, time.UTC))
}

// inside says whether an event time is to be simulated.
func (g *Generator) inside(t time.Time) bool { return !t.Before(g.o.Start) && t.Before(g.o.End) }

// push plans the delivery of a record, if it lies in the simulated time.
func (g *Generator) push(r *record) {
	r.at = r.at.UTC().Truncate(100)
	if g.acting != "" {
		r.noise = g.acting
	}
	if !g.inside(r.at) {
		return
	}
	arrival := r.at
	if g.delivery.happens(g.o.Late) {
		// DocuSign promises five minutes; now and then it takes longer.
		longest := 5 * time.Minute
		if g.delivery.happens(0.1) {
			longest = 45 * time.Minute
		}
		arrival = arrival.Add(g.delivery.span(time.Second, longest))
	}
	g.enqueue(r, arrival, false)
}

func (g *Generator) enqueue(r *record, arrival time.Time, again bool) {
	g.order++
	heap.Push(&g.waiting, delivery{record: r, arrival: arrival, order: g.order, again: again})
}

// delivery is a record on its way.
type delivery struct {
	record  *record
	arrival time.Time
	order   uint64
	again   bool
}

// queue is a heap by arrival, then by the order in which the records were made.
type queue []delivery

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if c := q[i].arrival.Compare(q[j].arrival); c != 0 {
		return c < 0
	}
	return q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push and Pop are for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(delivery)) }

// Pop takes the last one.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = delivery{}
	*q = (*q)[:len(*q)-1]
	return last
}
