package simulate

import (
	"strconv"
	"time"
)

// findings are rows in which DocuSign reports its own alerts. These are harmless ones.
func findings(s *shift) {
	if s.u.job == application || !s.happens(0.004) {
		return
	}
	on := &s.sessions[0]
	cause := s.by(on, on.moment(s.chance), class{object: "Envelope", action: "Sent"}, pair{"EnvelopeId", s.guid()})
	s.happened(cause)
	s.happened(alertRow(s.chance, "SameSenderAndSigner", "Medium", []*record{cause}))
}

// alertRow is a row about other rows, a few minutes later. Its numbers are texts, as DocuSign writes them.
func alertRow(c chance, action, severity string, causes []*record) *record {
	last := causes[len(causes)-1]
	ids := make([]string, len(causes))
	for i, r := range causes {
		ids[i] = r.id
	}
	return &record{
		at: last.at.Add(c.span(time.Second, 200*time.Second)), id: c.guid(), user: last.user, from: last.from, device: noAgent(),
		class: class{object: "Alert", action: action}, source: "Other", organisation: true,
		data: []pair{{"EventIds", ids}, {"Count", strconv.Itoa(len(ids))}, {"Avg", "0"}, {"Severity", severity}},
	}
}
