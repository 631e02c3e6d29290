package simulate

import "time"

// passwordExpiry is the morning after everybody's password has expired: people try the old one, and their phones and
// scripts go on trying it for a while.
func passwordExpiry() noise {
	return noise{name: "password_expiry", rate: 0.03, of: "working days, half of the people on each", act: func(s *shift, rate float64) {
		if len(s.sessions) == 0 || s.u.job == application || !workday(s.day) || !s.g.shared("password_expiry", s.day).happens(rate) {
			return
		}
		c := s.noise("password_expiry")
		if !c.happens(0.5) {
			return
		}
		on := &s.sessions[0]
		at := on.begin.Add(-c.span(2*time.Minute, 6*time.Minute))
		for range c.between(1, 5) {
			r := s.by(on, at, failedLogonClass())
			r.id = c.guid()
			s.happened(r)
			at = at.Add(c.span(5*time.Second, 50*time.Second))
		}
		if !c.happens(0.08) {
			return
		}
		// A client with the old password stored, at even intervals.
		for at = on.begin.Add(5 * time.Minute); at.Before(on.end); at = at.Add(5 * time.Minute) {
			r := s.by(on, at, failedLogonClass())
			r.id, r.device = c.guid(), noAgent()
			s.happened(r)
		}
	}}
}
