package simulate

// remoteWorkers live in another city than their office and come there by no journey of ours.
func remoteWorkers() noise {
	return noise{name: "remote_workers", rate: 0.15, of: "people", alter: func(s *shift, _ float64) {
		if s.journey != nil || !s.g.has(s.u, "remote_workers") || s.away {
			return
		}
		p := s.g.residence(s.u)
		for i := range s.sessions {
			on := &s.sessions[i]
			if on.source == "Mobile" {
				on.from = mobileAddress(s.noise("remote phone"), p)
			} else {
				on.from = homeAddress(s.u.index, p)
			}
		}
	}}
}

// residence is where a person lives: the office's city, or for a remote worker another in the same country or near.
func (g *Generator) residence(u *user) *place {
	if !g.has(u, "remote_workers") {
		return u.office
	}
	if u.home != nil {
		return u.home
	}
	c := g.trait(u, "residence")
	var all []*place
	for _, p := range g.places {
		if p == u.office || p.country == u.office.country || p.kilometres(u.office) < 1200 {
			all = append(all, p)
		}
	}
	u.home = pick(c, all)
	return u.home
}
