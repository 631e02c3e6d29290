package simulate

import "time"

// rate is how many envelopes somebody sends in an hour of work.
func (j job) rate() float64 {
	switch j {
	case sender:
		return 0.35
	case heavy:
		return 1.6
	case application:
		return 1.2
	case administrator:
		return 0.1
	}
	return 0.02
}

// envelopes sends agreements and follows each through its life.
func envelopes(s *shift) {
	for i := range s.sessions {
		on := &s.sessions[i]
		for range s.count(s.u.job.rate() * on.hours()) {
			s.envelope(on, on.moment(s.chance))
		}
	}
}

// envelope is created, sent, looked at, signed and downloaded; a few are corrected or voided.
func (s *shift) envelope(on *session, at time.Time) {
	envelope := s.guid()
	id := pair{"EnvelopeId", envelope}
	s.happened(s.by(on, at, class{object: "Envelope", action: "Created"}, id))
	sent := at.Add(s.span(20*time.Second, 15*time.Minute))
	if s.u.job == application {
		sent = at.Add(s.span(200*time.Millisecond, 3*time.Second))
	} else if s.happens(0.08) {
		return // stays a draft
	}
	s.happened(s.by(on, sent, class{object: "Envelope", action: "Sent"}, id))
	s.tell(sent, told{event: "envelope-sent", envelope: envelope})
	if s.happens(0.03) {
		sent = sent.Add(s.span(time.Minute, 20*time.Minute))
		s.happened(s.by(on, sent, class{object: "Envelope", action: "Corrected"}, id))
		s.tell(sent, told{event: "envelope-corrected", envelope: envelope})
	}
	if s.happens(0.03) {
		voided := sent.Add(s.span(time.Minute, time.Hour))
		s.happened(s.by(on, voided, class{object: "Envelope", action: "Voided"}, id))
		s.tell(voided, told{event: "envelope-voided", envelope: envelope, reason: "Changed"})
		return
	}
	if s.refused(sent, envelope) {
		return
	}
	signed := sent
	for range s.between(1, 2) {
		if s.happens(0.35) {
			signed = s.colleagueSigns(signed, id)
		} else {
			signed = s.outsiderSigns(signed, id)
		}
	}
	// DocuSign's own row: no address, no place, no agent.
	completed := signed.Add(s.span(time.Second, 20*time.Second))
	s.tell(completed, told{event: "envelope-completed", envelope: envelope})
	s.happened(&record{at: completed, id: s.guid(), user: s.u.id, key: "", device: noAgent(),
		class: class{object: "Envelope", action: "Completed"}, source: "Other", data: []pair{id}})
	if s.happens(0.5) && signed.Before(on.end) {
		from := signed.Add(time.Minute)
		s.happened(s.by(on, from.Add(s.span(0, on.end.Sub(from))), class{object: "Document", action: "Downloaded"}, id,
			pair{"DocumentId", "combined"}))
	}
}

// colleagueSigns lets somebody of the organisation view and sign, at that person's place in that person's hours.
func (s *shift) colleagueSigns(after time.Time, id pair) time.Time {
	u := pick(s.chance, s.g.users)
	if u.job == application {
		return s.outsiderSigns(after, id)
	}
	for day := s.day; day <= s.day+1; day++ {
		theirs := s.g.shift(u, day)
		for i := range theirs.sessions {
			on := &theirs.sessions[i]
			if on.end.Before(after.Add(10 * time.Minute)) {
				continue
			}
			begin := on.begin
			if begin.Before(after) {
				begin = after
			}
			viewed := begin.Add(s.span(time.Minute, on.end.Sub(begin)-2*time.Minute))
			theirs.chance = s.chance
			theirs.happened(theirs.by(on, viewed, class{object: "Envelope", action: "Viewed"}, id))
			signed := viewed.Add(s.span(10*time.Second, 90*time.Second))
			theirs.happened(theirs.by(on, signed, class{object: "Envelope", action: "Signed"}, id))
			return signed
		}
	}
	return s.outsiderSigns(after, id)
}

// outsiderSigns lets somebody without an account view and sign.
func (s *shift) outsiderSigns(after time.Time, id pair) time.Time {
	from, d := hotelAddress(s.chance, pick(s.chance, s.g.places)), desktop(s.chance)
	viewed := after.Add(s.span(2*time.Minute, 9*time.Hour))
	signed := viewed.Add(s.span(30*time.Second, 20*time.Minute))
	for _, e := range []struct {
		at     time.Time
		action string
	}{{viewed, "Viewed"}, {signed, "Signed"}} {
		s.happened(&record{at: e.at, id: s.guid(), user: nobody, key: notUsed, from: from, device: d,
			class: class{object: "Envelope", action: e.action}, source: "Web", data: []pair{id}})
	}
	return signed
}
