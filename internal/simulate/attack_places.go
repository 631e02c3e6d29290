package simulate

import "time"

// infrequentCountry is an account that is used from a country where its user never was, long after the user's own last
// activity, so that only the country gives it away.
func infrequentCountry() attack {
	return attack{kind: "infrequent_country", detection: "infrequent_country", variants: []variant{
		{"never_in_tenant", "", easy, func(a *assault) { a.stranger(func(p *place) bool { return !p.office }, hostedAddress) }},
		{"residential_exit", "", medium, func(a *assault) { a.stranger(func(p *place) bool { return !p.office }, proxyAddress) }},
		{"colleagues_country", "", hard, func(a *assault) { a.stranger(func(p *place) bool { return p.office }, proxyAddress) }},
	}}
}

// stranger logs on at night from another country.
func (a *assault) stranger(fits func(*place) bool, line func(chance, *place) address) {
	home := a.g.residence(a.victim)
	var there []*place
	for _, p := range a.g.places {
		if p.country != home.country && p.country != a.victim.office.country && fits(p) && p.kilometres(home) > 1000 {
			there = append(there, p)
		}
	}
	if len(there) == 0 {
		return
	}
	from, d := line(a.chance, pick(a.chance, there)), desktop(a.chance)
	a.at = a.night()
	a.hostile(a.at, from, d, logonClass())
	a.loot(a.at, from, d)
}

// night is in the middle of the victim's next night.
func (a *assault) night() time.Time {
	return date(dayOf(a.at)+1, a.victim.office.zone).Add(a.span(2*time.Hour, 4*time.Hour))
}

// anonymousNetwork is somebody who hides behind Tor or a VPN.
func anonymousNetwork() attack {
	in := func(line func(chance, *place) address) func(*assault) {
		return func(a *assault) {
			from, d := line(a.chance, pick(a.chance, a.g.places)), desktop(a.chance)
			a.at = a.night()
			a.hostile(a.at, from, d, logonClass())
			a.loot(a.at, from, d)
		}
	}
	return attack{kind: "anonymous_network", detection: "anonymous_ip", variants: []variant{
		{"tor", "", easy, in(torAddress)},
		{"colleagues_vpn", "", hard, func(a *assault) {
			in(func(c chance, _ *place) address { return vpnAddress(c, pick(c, a.g.exits())) })(a)
		}},
	}}
}

// knownBadAddress is a machine of which others have warned.
func knownBadAddress() attack {
	return attack{kind: "known_bad_address", detection: "suspicious_ip", variants: []variant{
		{"listed", "", easy, func(a *assault) {
			from, d := badAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance)
			a.hostile(a.at, from, d, logonClass())
			a.loot(a.at, from, d)
		}},
		{"after_own_spraying", "", medium, func(a *assault) {
			from, d := proxyAddress(a.chance, a.g.residence(a.victim)), script(a.chance)
			at := a.at
			for _, u := range a.crowd(25) {
				a.against(u, at, from, d, failedLogonClass())
				at = at.Add(a.span(5*time.Second, 40*time.Second))
			}
			at = at.Add(a.span(2*time.Hour, 9*time.Hour))
			a.hostile(at, from, desktop(a.chance), logonClass())
			a.loot(at, from, d)
		}},
	}}
}
