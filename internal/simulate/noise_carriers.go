package simulate

// carriers are mobile networks whose addresses geo data place in any city of the country, another at every turn.
func carriers() noise {
	return noise{name: "carriers", rate: 0.5, of: "people with a phone", alter: func(s *shift, _ float64) {
		if !s.g.has(s.u, "carriers") {
			return
		}
		for i := range s.sessions {
			on := &s.sessions[i]
			if on.source != "Mobile" || on.from.at == nil {
				continue
			}
			var cities []*place
			for _, p := range s.g.places {
				if p.country == on.from.at.country {
					cities = append(cities, p)
				}
			}
			usual := on.from.at
			on.route = func(c chance) address {
				if c.happens(0.5) {
					return mobileAddress(c, usual)
				}
				return mobileAddress(c, pick(c, cities))
			}
		}
	}}
}
