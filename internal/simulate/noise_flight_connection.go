package simulate

import "time"

// flightConnection is work in the air over the airline's network, whose address lies where its ground station is, and a
// phone that changes to a card of the destination on the way.
func flightConnection() noise {
	return noise{name: "flight_connection", rate: 0.35, of: "flights", alter: func(s *shift, rate float64) {
		t := s.journey
		if t == nil || s.day != t.first {
			return
		}
		c := s.noise("flight_connection")
		if !c.happens(rate) {
			return
		}
		air := t.landed.Sub(t.out)
		begin := t.out.Add(air / 3)
		s.sessions = append(s.sessions, session{begin: begin, end: begin.Add(air / 4), from: airlineAddress(c, s.g.places[c.IntN(10)]), device: s.u.desk, source: "Web"})
		if s.u.phone != nil {
			at := t.landed.Add(-air / 6) // the new card answers before the doors open, as its clock has it
			s.sessions = append(s.sessions, session{begin: at, end: at.Add(20 * time.Minute), from: mobileAddress(c, t.there), device: s.u.phone, source: "Mobile"})
		}
	}}
}
