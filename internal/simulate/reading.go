package simulate

// reading looks at envelopes of others and downloads some.
func reading(s *shift) {
	if s.u.job == application {
		return
	}
	for i := range s.sessions {
		on := &s.sessions[i]
		for range s.count(0.5 * on.hours()) {
			id, at := pair{"EnvelopeId", s.guid()}, on.moment(s.chance)
			s.happened(s.by(on, at, class{object: "Envelope", action: "Viewed"}, id))
			if s.happens(0.2) && at.Before(on.end) {
				s.happened(s.by(on, at.Add(s.span(0, on.end.Sub(at))), class{object: "Document", action: "Downloaded"}, id,
					pair{"DocumentId", "1"}))
			}
		}
	}
}

// templates are made and changed by those who send.
func templates(s *shift) {
	if s.u.job != sender && s.u.job != heavy {
		return
	}
	for i := range s.sessions {
		on := &s.sessions[i]
		for range s.count(0.02 * on.hours()) {
			k := class{object: "Template", action: []string{"Created", "Updated", "Deleted"}[s.weighted(5, 4, 1)]}
			at, id := on.moment(s.chance), s.guid()
			s.happened(s.by(on, at, k, pair{"TemplateId", id}))
			s.tell(at, told{event: map[string]string{"Created": "template-created", "Updated": "template-modified", "Deleted": "template-deleted"}[k.action], template: id, name: "Contract"})
		}
	}
}
