package simulate

// sharedMailboxes are accounts such as contracts@, which people in two offices use at the same time.
func sharedMailboxes() noise {
	return noise{name: "shared_mailboxes", rate: 0.008, of: "accounts of people", alter: func(s *shift, _ float64) {
		if len(s.sessions) == 0 || len(s.g.offices) < 2 || !s.g.has(s.u, "shared_mailboxes") {
			return
		}
		c := s.person("shared mailbox offices")
		other := s.g.offices[(slicesIndex(s.g.offices, s.u.office)+1+c.IntN(len(s.g.offices)-1))%len(s.g.offices)]
		second := desktop(c)
		d := s.noise("shared_mailboxes")
		n := len(s.sessions)
		for i := range n {
			s.sessions[i].from = officeAddress(s.u.office, 0)
			if d.happens(0.7) {
				copied := s.sessions[i]
				copied.from, copied.device, copied.source = officeAddress(other, d.IntN(4)), second, "Web"
				s.sessions = append(s.sessions, copied)
			}
		}
	}}
}

// slicesIndex is the position of a place in a list, 0 when it is not there.
func slicesIndex(list []*place, p *place) int {
	for i, q := range list {
		if p == q {
			return i
		}
	}
	return 0
}
