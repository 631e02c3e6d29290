package simulate

import "time"

// zoneHopping is staff who move on every few days, from one office or customer to the next, and keep odd hours.
func zoneHopping() noise {
	const stay = 4 // days; the first is spent in the air
	return noise{name: "zone_hopping", rate: 0.015, of: "people", alter: func(s *shift, _ float64) {
		if s.journey != nil || !s.g.has(s.u, "zone_hopping") {
			return
		}
		block := s.day / stay
		at := s.g.stop(s.u, block)
		s.sessions = s.sessions[:0]
		if s.day%stay == 0 {
			return
		}
		c := s.noise("zone_hopping")
		begin := date(s.day, at.zone).Add(c.about(10*time.Hour, 2*time.Hour))
		if s.day%stay == 1 { // what is left of the journey
			begin = begin.Add(5 * time.Hour)
		}
		s.sessions = append(s.sessions, session{begin: begin, end: begin.Add(c.span(4*time.Hour, 8*time.Hour)),
			from: hotelAddress(newChance(s.g.o.Seed, "stop hotel", int64(s.u.index), block), at), device: s.u.desk, source: "Web"})
	}}
}

// stop is where such a person is in a block of days.
func (g *Generator) stop(u *user, block int64) *place {
	return pick(newChance(g.o.Seed, "stop", int64(u.index), block), g.places)
}
