package simulate

// dualStack are homes with an IPv4 and an IPv6 address that geo data place in different cities. The browser takes either.
func dualStack() noise {
	return noise{name: "dual_stack", rate: 0.08, of: "people", alter: func(s *shift, _ float64) {
		if s.journey != nil || s.away || !s.g.has(s.u, "dual_stack") {
			return
		}
		home := s.g.residence(s.u)
		near := s.g.around(home, 100, 2000)
		if len(near) == 0 {
			return
		}
		// Where the provider has its seat.
		seat := near[s.person("dual_stack seat").IntN(min(4, len(near)))]
		four, six := homeAddress4(s.u.index, home), homeAddress6(s.u.index, seat)
		for i := range s.sessions {
			on := &s.sessions[i]
			if isHome(on.from) {
				on.route = func(c chance) address {
					if c.happens(0.5) {
						return six
					}
					return four
				}
			}
		}
	}}
}
