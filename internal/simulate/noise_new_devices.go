package simulate

import "time"

// newDevices are computers that are replaced in the course of the time.
func newDevices() noise {
	return noise{name: "new_devices", rate: 0.2, of: "people, once", alter: func(s *shift, _ float64) {
		for i := range s.sessions {
			if on := &s.sessions[i]; on.device == s.u.desk {
				on.device = s.g.computer(s.u, date(s.day, time.UTC))
			}
		}
	}}
}

// computer is the one that a person has at a time.
func (g *Generator) computer(u *user, at time.Time) *device {
	if !g.has(u, "new_devices") {
		return u.desk
	}
	c := g.trait(u, "new device")
	if at.Before(g.o.Start.Add(c.span(0, g.o.End.Sub(g.o.Start)))) {
		return u.desk
	}
	return desktop(c)
}
