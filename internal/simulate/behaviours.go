package simulate

import "time"

// behaviour is something that people, applications or DocuSign itself do in the course of a day: it hands over the
// records of one shift. A new one is a function in a file of its own and a line here; it must draw from the shift's
// chance only.
type behaviour func(*shift)

// behaviours lists what happens in a shift, in the order in which it is drawn.
func behaviours() []behaviour {
	return []behaviour{logons, envelopes, reading, templates, administration, findings, tidying}
}

// DocuSign's spelling of a log-on is not public; this one is plausible.
func logonClass() class       { return class{"User", "LoggedIn", "Success"} }
func failedLogonClass() class { return class{"User", "LoginFailed", "Failed"} }
func logoffClass() class      { return class{"User", "LoggedOut", "Success"} }

// logons opens and closes the sessions, with a slip of the finger now and then.
func logons(s *shift) {
	if s.u.job == application {
		return
	}
	for i := range s.sessions {
		on := &s.sessions[i]
		at := on.begin
		if s.happens(0.05) {
			for range s.between(1, 2) {
				s.happened(s.by(on, at, failedLogonClass()))
				at = at.Add(s.span(4*time.Second, 40*time.Second))
			}
		}
		s.happened(s.by(on, at, logonClass()))
		if s.happens(0.3) {
			s.happened(s.by(on, on.end, logoffClass()))
		}
	}
}
