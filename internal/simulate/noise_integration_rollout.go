package simulate

import "time"

// integrationRollout is a new application that goes live and acts for a third of the people from then on.
func integrationRollout() noise {
	return noise{name: "integration_rollout", rate: 0.4, of: "months", act: func(s *shift, rate float64) {
		const month = 30
		block := s.day / month
		c := s.g.shared("integration_rollout", block)
		first := block*month + int64(c.between(2, 20))
		if !c.happens(rate) || s.day < first || !workday(s.day) || s.u.job == application || !s.person("rolled out").happens(0.33) {
			return
		}
		key, agent, at := c.guid(), script(c), cloudAddress(60+int(block%4), pick(c, s.g.places))
		d := s.noise("integration_rollout")
		for range d.count(0.8) {
			when := date(s.day, s.u.office.zone).Add(d.span(8*time.Hour, 18*time.Hour))
			s.happened(&record{at: when, id: d.guid(), user: s.u.id, key: key, from: at, device: agent,
				class: class{object: "Envelope", action: "Sent"}, source: "API", data: []pair{{"EnvelopeId", d.guid()}}})
		}
	}}
}
