package simulate

// relay is a privacy relay of a maker of phones: exits in the user's country or beside it, another with every connection,
// each shared by very many.
func relay() noise {
	return noise{name: "relay", rate: 0.3, of: "people with Apple devices", alter: func(s *shift, _ float64) {
		if !s.g.has(s.u, "relay") {
			return
		}
		for i := range s.sessions {
			on := &s.sessions[i]
			if on.device == nil || on.device.brand != "Apple" || on.from.at == nil || isOffice(on.from) {
				continue
			}
			others := s.g.around(on.from.at, 1, 1200)
			near := append([]*place{on.from.at}, others[:min(3, len(others))]...)
			on.route = func(c chance) address { return relayAddress(c, pick(c, near)) }
		}
	}}
}
