package simulate

import (
	"maps"
	"slices"
	"time"
)

// noise is something harmless that looks like an attack to a simple rule. A new one is a function in a file of its own
// and a line in noises.
type noise struct {
	name string
	// rate is the default, of says what it is a share of.
	rate float64
	of   string
	// alter changes the sessions of a day. A day may be laid out several times, so it MUST draw from s.noise only.
	alter func(s *shift, rate float64)
	// act does something more in a day; it is called once for each.
	act func(s *shift, rate float64)
}

// noises lists what there is, in the order in which it changes a day.
func noises() []noise {
	return []noise{
		travellers(), zoneHopping(), remoteWorkers(), sharedMailboxes(), failOver(), dualStack(), carrierNAT(), privacyAddresses(), vpn(),
		roaming(), flightConnection(), carriers(), relay(),
		newDevices(), integrations(), integrationRollout(), bulkDownload(), onboarding(), passwordExpiry(), partnerSigners(),
	}
}

// NoiseRates are the names of the noises with their default rates.
func NoiseRates() map[string]float64 {
	all := map[string]float64{}
	for _, n := range noises() {
		all[n.name] = n.rate
	}
	return all
}

// NoiseNames are the names of the noises, in order.
func NoiseNames() []string { return slices.Sorted(maps.Keys(NoiseRates())) }

// disturb chooses the noises of this run.
func (g *Generator) disturb() {
	for _, n := range noises() {
		if r, given := g.o.Noise[n.name]; given {
			n.rate = r
		} else if g.o.Noise != nil {
			n.rate = 0
		}
		if n.rate > 0 {
			g.noises = append(g.noises, n)
		}
	}
}

// noise is the source of randomness of a noise on this day.
func (s *shift) noise(name string) chance {
	return newChance(s.g.o.Seed, "noise "+name, int64(s.u.index), s.day)
}

// person is what stays the same of a noise for a person.
func (s *shift) person(name string) chance { return s.g.trait(s.u, name) }

// trait is what stays the same of a noise for a person.
func (g *Generator) trait(u *user, name string) chance {
	return newChance(g.o.Seed, "trait "+name, int64(u.index))
}

// office is what everybody shares of a noise on a day.
func (g *Generator) shared(name string, day int64) chance {
	return newChance(g.o.Seed, "shared "+name, day)
}

// rate is how strong a noise is in this run, 0 when it is off.
func (g *Generator) rate(name string) float64 {
	for _, n := range g.noises {
		if n.name == name {
			return n.rate
		}
	}
	return 0
}

// has says whether a noise concerns a person.
func (g *Generator) has(u *user, name string) bool {
	known, ok := u.noises[name]
	if !ok {
		r := g.rate(name)
		known = r > 0 && u.job != application && g.trait(u, name).happens(r)
		u.noises[name] = known
	}
	return known
}

// around lists the places within a distance, the place itself left out, the nearest first. Nobody changes the list.
func (g *Generator) around(p *place, from, to float64) []*place {
	k := neighbourhood{p, from, to}
	all, known := g.neighbours[k]
	if known {
		return all
	}
	for _, q := range g.places {
		if d := p.kilometres(q); q != p && d >= from && d <= to {
			all = append(all, q)
		}
	}
	slices.SortStableFunc(all, func(a, b *place) int { return int(p.kilometres(a) - p.kilometres(b)) })
	g.neighbours[k] = all
	return all
}

// neighbourhood is a question to around.
type neighbourhood struct {
	of       *place
	from, to float64
}

// workday says whether a day is neither a Saturday nor a Sunday.
func workday(day int64) bool { w := (day + 4) % 7; return w != 0 && w != 6 }

// flight is how long a journey takes from door to door at least: what an airliner needs, and two hours on the ground.
func flight(from, to *place) time.Duration {
	return time.Duration((from.kilometres(to)/800 + 2) * float64(time.Hour))
}
