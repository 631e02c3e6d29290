package simulate

// vpn are people who turn a VPN on for a part of some days. Its exit is far away, mostly the same one, and others use it
// too.
func vpn() noise {
	return noise{name: "vpn", rate: 0.12, of: "people, two days in five", alter: func(s *shift, _ float64) {
		if len(s.sessions) == 0 || !s.g.has(s.u, "vpn") {
			return
		}
		c := s.noise("vpn")
		if !c.happens(0.4) {
			return
		}
		exits := s.g.exits()
		exit := exits[s.person("vpn exit").IntN(len(exits))]
		if c.happens(0.15) {
			exit = pick(c, exits)
		}
		on := &s.sessions[c.IntN(len(s.sessions))]
		if on.source == "Mobile" {
			return
		}
		on.from, on.route = vpnAddress(c, exit), nil
	}}
}

// exits are the cities in which the VPN has exits.
func (g *Generator) exits() []*place {
	var all []*place
	for i, p := range g.places {
		if i%4 == 2 {
			all = append(all, p)
		}
	}
	return all
}
