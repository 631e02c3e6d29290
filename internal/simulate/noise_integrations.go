package simulate

import "time"

// integrations act in the name of people, with a key of their own, from a cloud region that moves every couple of weeks.
func integrations() noise {
	return noise{name: "integrations", rate: 0.25, of: "people for whom one acts", act: func(s *shift, _ float64) {
		if !workday(s.day) || !s.g.has(s.u, "integrations") {
			return
		}
		app := s.g.integrationOf(s.u)
		if app == nil {
			return
		}
		c := s.noise("integrations")
		region := s.g.region(app, s.day)
		for range c.count(1.5) {
			at := date(s.day, s.u.office.zone).Add(c.span(8*time.Hour, 18*time.Hour))
			id := pair{"EnvelopeId", c.guid()}
			for _, action := range []string{"Created", "Sent"} {
				s.happened(&record{at: at, id: c.guid(), user: s.u.id, key: app.key, from: region, device: app.desk,
					class: class{object: "Envelope", action: action}, source: "API", data: []pair{id}})
				at = at.Add(c.span(200*time.Millisecond, 3*time.Second))
			}
		}
	}}
}

// integrationOf is the application that acts in a person's name, nil when the organisation has none.
func (g *Generator) integrationOf(u *user) *user {
	if len(g.applications) == 0 {
		return nil
	}
	return g.applications[g.trait(u, "integration of").IntN(len(g.applications))]
}

// region is where an application runs on a day.
func (g *Generator) region(app *user, day int64) address {
	c := newChance(g.o.Seed, "region", int64(app.index), day/13)
	regions := []*place{g.datacentre, g.datacentre, g.places[13], g.places[34], g.places[18]}
	return cloudAddress(app.index/40, regions[c.IntN(len(regions))])
}
