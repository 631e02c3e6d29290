package simulate

import "time"

// impossibleTravel is an account that is used at two places between which nobody gets in that time. The attacker's
// place is in another country, and no office is there, so that nothing excuses it.
func impossibleTravel() attack {
	return attack{kind: "impossible_travel", detection: "impossible_travel", variants: []variant{
		{"stolen_password", "", easy, stolenPassword},
		{"alternating", "", easy, alternating},
		{"attacker_first", "", easy, attackerFirst},
		{"same_agent", "", easy, sameAgent},
		{"no_agent", "", easy, withoutAgent},
		{"neighbouring_country", "", medium, neighbouringCountry},
		{"hours_later", "", medium, hoursLater},
		{"downloads_only", "", medium, downloadsOnly},
		{"colleagues_city", "", hard, colleaguesCity},
	}}
}

// minimumJump is how far the attacker is at least, in km: further than any two places in neighbouring countries.
const minimumJump = 5500

// far is an attacker's machine far from the victim's place.
func (a *assault) far() address {
	var free []*place
	for _, p := range a.g.farther(a.g.residence(a.victim), minimumJump) {
		if !p.office {
			free = append(free, p)
		}
	}
	return hostedAddress(a.chance, pick(a.chance, free))
}

// usual is the victim's ordinary address.
func (a *assault) usual() address {
	home := a.g.residence(a.victim)
	if home != a.victim.office || a.happens(a.victim.homeShare) {
		return homeAddress(a.victim.index, home)
	}
	return officeAddress(a.victim.office, a.IntN(4))
}

// loot is what an attacker does after getting in.
func (a *assault) loot(at time.Time, from address, d *device) {
	for range a.between(1, 4) {
		at = at.Add(a.span(5*time.Second, 50*time.Second))
		a.hostile(at, from, d, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()}, pair{"DocumentId", "combined"})
	}
}

// stolenPassword: the victim logs on, and soon after so does the attacker, from afar.
func stolenPassword(a *assault) {
	a.legitimate(a.at, a.usual(), logonClass())
	from, d, at := a.far(), desktop(a.chance), a.at.Add(a.span(90*time.Second, 25*time.Minute))
	a.hostile(at, from, d, logonClass())
	a.loot(at, from, d)
}

// alternating: both work with the account for a while.
func alternating(a *assault) {
	home, from, d, at := a.usual(), a.far(), desktop(a.chance), a.at
	for range 3 {
		a.legitimate(at, home, logonClass())
		at = at.Add(a.span(time.Minute, 6*time.Minute))
		a.hostile(at, from, d, logonClass())
		at = at.Add(a.span(time.Minute, 6*time.Minute))
	}
}

// attackerFirst: the victim comes second.
func attackerFirst(a *assault) {
	from, d := a.far(), desktop(a.chance)
	a.hostile(a.at, from, d, logonClass())
	a.loot(a.at, from, d)
	a.legitimate(a.at.Add(a.span(4*time.Minute, 30*time.Minute)), a.usual(), logonClass())
}

// sameAgent: the attacker took the browser's identity along with the session.
func sameAgent(a *assault) {
	a.legitimate(a.at, a.usual(), logonClass())
	from, at := a.far(), a.at.Add(a.span(30*time.Second, 10*time.Minute))
	a.hostile(at, from, a.g.computer(a.victim, a.at), logonClass())
	a.loot(at, from, a.g.computer(a.victim, a.at))
}

// withoutAgent: the attacker sends no user agent, which must excuse nobody.
func withoutAgent(a *assault) {
	a.legitimate(a.at, a.usual(), logonClass())
	from, at := a.far(), a.at.Add(a.span(time.Minute, 15*time.Minute))
	a.hostile(at, from, noAgent(), logonClass())
	a.loot(at, from, noAgent())
}

// neighbouringCountry: the attacker is 700 to 2,000 km away, which rules that count countries or long distances miss.
func neighbouringCountry(a *assault) {
	near := a.g.around(a.g.residence(a.victim), 700, 2000)
	if len(near) == 0 {
		return
	}
	a.legitimate(a.at, a.usual(), logonClass())
	from, d, at := hostedAddress(a.chance, pick(a.chance, near)), desktop(a.chance), a.at.Add(a.span(2*time.Minute, 20*time.Minute))
	a.hostile(at, from, d, logonClass())
	a.loot(at, from, d)
}

// hoursLater: a third of the time that the journey takes has passed.
func hoursLater(a *assault) {
	a.legitimate(a.at, a.usual(), logonClass())
	from, d := a.far(), desktop(a.chance)
	at := a.at.Add(flight(a.g.residence(a.victim), from.at) / 3)
	a.hostile(at, from, d, logonClass())
	a.loot(at, from, d)
}

// downloadsOnly: a stolen session goes on from afar, and nobody logs on again.
func downloadsOnly(a *assault) {
	a.legitimate(a.at, a.usual(), logonClass())
	a.legitimate(a.at.Add(a.span(10*time.Minute, 20*time.Minute)), a.usual(), class{object: "Envelope", action: "Viewed"}, pair{"EnvelopeId", a.guid()})
	from := a.far()
	a.loot(a.at.Add(a.span(30*time.Minute, 50*time.Minute)), from, a.g.computer(a.victim, a.at))
}

// colleaguesCity: the attacker's exit is in a city where the organisation has an office, so that the place is no stranger.
func colleaguesCity(a *assault) {
	var others []*place
	for _, p := range a.g.offices {
		if p.kilometres(a.g.residence(a.victim)) > 1000 {
			others = append(others, p)
		}
	}
	if len(others) == 0 {
		return
	}
	a.legitimate(a.at, a.usual(), logonClass())
	from, d, at := proxyAddress(a.chance, pick(a.chance, others)), desktop(a.chance), a.at.Add(a.span(2*time.Minute, 30*time.Minute))
	a.hostile(at, from, d, logonClass())
	a.loot(at, from, d)
}
