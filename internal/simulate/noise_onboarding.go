package simulate

import (
	"fmt"
	"time"
)

// onboarding is a day on which an administrator adds many users and their groups at once.
func onboarding() noise {
	return noise{name: "onboarding", rate: 0.05, of: "working days", act: func(s *shift, rate float64) {
		if s.u.job != administrator || len(s.sessions) == 0 || !workday(s.day) || !s.g.shared("onboarding", s.day).happens(rate) {
			return
		}
		if s.u.index != 0 && !s.person("onboarding").happens(0.2) {
			return
		}
		c := s.noise("onboarding")
		on := &s.sessions[0]
		at := on.begin.Add(c.span(10*time.Minute, time.Hour))
		for range c.between(25, 90) {
			r := s.by(on, at, class{object: "Account", action: "UserAdded"}, pair{"PermissionProfileId", fmt.Sprint(c.between(14_000_000, 27_000_000))}, pair{"AffectedUserId", c.guid()})
			r.id = c.guid()
			s.happened(r)
			at = at.Add(c.span(800*time.Millisecond, 20*time.Second))
		}
	}}
}
