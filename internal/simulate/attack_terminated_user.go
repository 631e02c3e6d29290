package simulate

import "time"

// terminatedUser is somebody who has left and goes on, or whose access lives on.
func terminatedUser() attack {
	return attack{kind: "terminated_user", detection: "terminated_user", variants: []variant{
		{"own_password", "", easy, func(a *assault) {
			if !a.former() {
				return
			}
			from := homeAddress(a.victim.index, a.g.residence(a.victim))
			a.hostile(a.at, from, a.g.computer(a.victim, a.at), logonClass())
			a.loot(a.at, from, a.g.computer(a.victim, a.at))
		}},
		{"surviving_grant", "", medium, func(a *assault) {
			app := a.g.integrationOf(a.victim)
			if !a.former() || app == nil {
				return
			}
			at := a.at
			for range a.between(2, 6) {
				r := a.hostile(at, a.g.region(app, dayOf(at)), app.desk, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()})
				r.key, r.source = app.key, "API"
				at = at.Add(a.span(2*time.Second, time.Minute))
			}
		}},
	}}
}

// former turns to somebody who has left at least two days ago.
func (a *assault) former() bool {
	var gone []*user
	for _, u := range a.g.users {
		if u.leaves(a.at.Add(-48 * time.Hour)) {
			gone = append(gone, u)
		}
	}
	if len(gone) == 0 {
		return false
	}
	a.victim = pick(a.chance, gone)
	return true
}

// leaver lets one person in twenty-five leave at some time after the first week.
func (g *Generator) leaver(u *user) {
	c := g.trait(u, "leaver")
	span := g.o.End.Sub(g.o.Start)
	if u.index == 0 || span < 14*24*time.Hour || !c.happens(0.04) {
		return
	}
	u.left = g.o.Start.Add(c.span(7*24*time.Hour, span)).Truncate(24 * time.Hour)
}
