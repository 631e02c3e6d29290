package simulate

import "time"

// partnerSigners are people of other companies with an account of their own, who look and sign now and then from where
// they are, which is in no directory.
func partnerSigners() noise {
	return noise{name: "partner_signers", rate: 0.1, of: "senders with a partner, one day in five", act: func(s *shift, _ float64) {
		if s.u.job == reader || len(s.sessions) == 0 || !s.g.has(s.u, "partner_signers") {
			return
		}
		c := s.noise("partner_signers")
		if !c.happens(0.2) {
			return
		}
		who := s.person("partner")
		id, at, d := who.guid(), pick(who, s.g.places), desktop(who)
		line := hotelAddress(who, at)
		when := s.sessions[0].begin.Add(c.span(time.Minute, 6*time.Hour))
		envelope := pair{"EnvelopeId", c.guid()}
		for _, action := range []string{"Viewed", "Signed"} {
			s.happened(&record{at: when, id: c.guid(), user: id, key: notUsed, from: line, device: d, class: class{object: "Envelope", action: action}, source: "Web", data: []pair{envelope}})
			when = when.Add(c.span(30*time.Second, 10*time.Minute))
		}
	}}
}
