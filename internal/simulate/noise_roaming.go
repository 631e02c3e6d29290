package simulate

import "time"

// roaming are phones that keep the address of their country at home, beside a laptop in a hotel.
func roaming() noise {
	return noise{name: "roaming", rate: 0.6, of: "phones of people on a journey", alter: func(s *shift, rate float64) {
		if s.u.phone == nil || !s.g.trait(s.u, "roaming").happens(rate) || len(s.sessions) == 0 {
			return
		}
		abroad := s.away || s.journey != nil && s.day > s.journey.first && s.day <= s.journey.first+3
		if !abroad {
			return
		}
		c := s.noise("roaming")
		on := s.sessions[0]
		begin := on.begin.Add(c.span(0, max(time.Hour, on.end.Sub(on.begin))))
		home := mobileAddress(c, s.u.office)
		s.sessions = append(s.sessions, session{begin: begin, end: begin.Add(c.span(10*time.Minute, time.Hour)), from: home, device: s.u.phone, source: "Mobile"})
	}}
}
