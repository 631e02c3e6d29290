package simulate

// carrierNAT are homes behind one of a provider's addresses, which many share and which changes from day to day.
func carrierNAT() noise {
	return noise{name: "carrier_nat", rate: 0.2, of: "people", alter: func(s *shift, _ float64) {
		if s.journey != nil || !s.g.has(s.u, "carrier_nat") {
			return
		}
		n := s.noise("carrier_nat").IntN(4)
		for i := range s.sessions {
			if on := &s.sessions[i]; on.route == nil && isHome(on.from) {
				on.from = shared(natBlock, on.from.at, n)
			}
		}
	}}
}
