package simulate

import "time"

// declineReasons are what people write who decline for good reasons.
var declineReasons = []string{"", "Wrong amount", "I am not the right person", "Please send it to our lawyer", "Terms changed"}

// refused says whether the person outside declines, after a failure or two to prove who it is.
func (s *shift) refused(sent time.Time, envelope string) bool {
	if !s.g.o.Connect {
		return false
	}
	c := s.hearing()
	who, at := guest(c), sent.Add(c.span(3*time.Minute, 8*time.Hour))
	if c.happens(0.03) {
		for range c.between(1, 3) {
			s.tell(at, told{event: "recipient-authenticationfailed", envelope: envelope, recipient: who})
			at = at.Add(c.span(20*time.Second, 4*time.Minute))
		}
	}
	if !c.happens(0.02) {
		return false
	}
	reason := pick(c, declineReasons)
	s.tell(at, told{event: "recipient-declined", envelope: envelope, recipient: who, reason: reason})
	s.tell(at, told{event: "envelope-declined", envelope: envelope, recipient: who, reason: reason})
	return true
}

// tidying is what senders do to many envelopes at once: a batch with a mistake in it is taken back or corrected, and old ones are
// cleared away. An administrator does the last for somebody else, which Connect tells of the owner.
func tidying(s *shift) {
	if !s.g.o.Connect || s.u.job == application || s.u.job == reader || len(s.sessions) == 0 {
		return
	}
	c, on := s.hearing(), &s.sessions[0]
	batch := func(action string, n int, longest time.Duration, reason string, owner *user) {
		at := on.moment(c)
		for range n {
			id := c.guid()
			r := s.by(on, at, class{object: "Envelope", action: action}, pair{"EnvelopeId", id})
			r.id = c.guid()
			s.happened(r)
			event := map[string]string{"Voided": "envelope-voided", "Corrected": "envelope-corrected"}[action]
			s.happened(hear(c, at.Add(c.span(200*time.Millisecond, 4*time.Second)), told{event: event, envelope: id, owner: owner, reason: reason, recipient: guest(c)}))
			at = at.Add(c.span(2*time.Second, longest))
		}
	}
	switch {
	case c.happens(0.008):
		batch("Voided", c.between(2, 9), 4*time.Minute, "Sent with the wrong annex", s.u)
	case c.happens(0.002):
		batch("Voided", c.between(10, 35), time.Minute, "End of quarter", s.u)
	case c.happens(0.008):
		batch("Corrected", c.between(2, 7), 4*time.Minute, "", s.u)
	case s.u.job == administrator && c.happens(0.01):
		batch("Voided", c.between(5, 25), time.Minute, "Left the company", pick(c, s.g.users))
	}
}
