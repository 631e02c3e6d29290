package simulate

import "time"

// travellers fly to a customer for three days and work before the departure and after the landing. Every journey is
// possible.
func travellers() noise {
	return noise{name: "travellers", rate: 0.08, of: "people, one week in six", alter: func(s *shift, _ float64) {
		t := s.g.journey(s.u, s.day)
		if t == nil {
			return
		}
		s.journey = t
		s.sessions = s.sessions[:0]
		c := s.noise("travellers")
		for _, leg := range []struct {
			at       *place
			from, to time.Time
			where    address
		}{
			{t.home, time.Time{}, t.out, homeAddress(s.u.index, t.home)},
			{t.there, t.landed, t.back, hotelAddress(newChance(s.g.o.Seed, "hotel", int64(s.u.index), t.first), t.there)},
			{t.home, t.returned, time.Time{}, homeAddress(s.u.index, t.home)},
		} {
			begin := date(s.day, leg.at.zone).Add(c.about(8*time.Hour+30*time.Minute, 20*time.Minute))
			end := begin.Add(c.about(8*time.Hour, 30*time.Minute))
			if s.day == t.first && leg.at == t.there { // some work in the evening, after the landing
				begin = t.landed.Add(c.span(20*time.Minute, 90*time.Minute))
				end = begin.Add(c.span(30*time.Minute, 2*time.Hour))
			}
			if !leg.from.IsZero() && begin.Before(leg.from) {
				begin = leg.from
			}
			if !leg.to.IsZero() && end.After(leg.to) {
				end = leg.to
			}
			if end.Sub(begin) > 20*time.Minute && workday(s.day) {
				s.sessions = append(s.sessions, session{begin: begin, end: end, from: leg.where, device: s.u.desk, source: "Web"})
			}
		}
	}}
}

// journey is a trip by air: from home at out, there from landed to back, home again at returned.
type journey struct {
	first                       int64
	home, there                 *place
	out, landed, back, returned time.Time
}

// journey is the trip under way on a day, nil when there is none.
func (g *Generator) journey(u *user, day int64) *journey {
	if !g.has(u, "travellers") {
		return nil
	}
	monday := day - (day+3)%7
	c := newChance(g.o.Seed, "journey", int64(u.index), monday)
	if !c.happens(1.0 / 6) {
		return nil
	}
	t := &journey{first: monday, home: u.office}
	if t.there = pick(c, g.places); t.there.kilometres(t.home) < 300 {
		return nil
	}
	t.out = date(monday, t.home.zone).Add(c.span(10*time.Hour, 14*time.Hour))
	t.landed = t.out.Add(flight(t.home, t.there) + c.span(30*time.Minute, 3*time.Hour))
	t.back = date(monday+3, t.there.zone).Add(c.span(11*time.Hour, 15*time.Hour))
	t.returned = t.back.Add(flight(t.there, t.home) + c.span(30*time.Minute, 3*time.Hour))
	return t
}
