package simulate

// failOver is a security proxy in the cloud through which all of a person's traffic goes. Its node is in a region near the
// office; now and then it fails over to another in the middle of the work, and comes back.
func failOver() noise {
	return noise{name: "fail_over", rate: 0.12, of: "people", alter: func(s *shift, _ float64) {
		if s.journey != nil || s.away || !s.g.has(s.u, "fail_over") {
			return
		}
		near := s.g.around(s.u.office, 1, 4000)
		nodes := append([]*place{s.u.office}, near[:min(3, len(near))]...)
		usual := nodes[s.person("fail_over node").IntN(min(2, len(nodes)))]
		c := s.noise("fail_over")
		failing := s.g.shared("fail_over", s.day).happens(0.06) // the provider's bad day is everybody's
		for i := range s.sessions {
			on := &s.sessions[i]
			if on.source == "Mobile" {
				continue
			}
			n := c.IntN(4)
			on.from = proxyNode(usual, n)
			if failing && len(nodes) > 1 {
				other := proxyNode(nodes[len(nodes)-1], n)
				on.route = func(c chance) address {
					if c.happens(0.4) {
						return other
					}
					return proxyNode(usual, n)
				}
			}
		}
	}}
}
