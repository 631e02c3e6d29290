package simulate

import "time"

// cookieTheft is a session that goes on elsewhere in the victim's own city, or near: nothing is far, nothing fails.
func cookieTheft() attack {
	play := func(line func(*assault) address, same bool) func(*assault) {
		return func(a *assault) {
			home, at := a.usual(), a.at
			from, d := line(a), desktop(a.chance)
			if same {
				d = a.g.computer(a.victim, a.at)
			}
			a.legitimate(at, home, logonClass())
			for range a.between(3, 6) { // both work at the same time
				at = at.Add(a.span(time.Minute, 6*time.Minute))
				a.legitimate(at, home, class{object: "Envelope", action: "Viewed"}, pair{"EnvelopeId", a.guid()})
				at = at.Add(a.span(20*time.Second, 4*time.Minute))
				a.hostile(at, from, d, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()}, pair{"DocumentId", "combined"})
			}
		}
	}
	near := func(a *assault) *place {
		if all := a.g.around(a.g.residence(a.victim), 1, 500); len(all) > 0 {
			return pick(a.chance, all)
		}
		return a.g.residence(a.victim)
	}
	return attack{kind: "cookie_theft", detection: "session_anomaly", variants: []variant{
		{"phishing_proxy_in_the_city", "", medium, play(func(a *assault) address { return proxyAddress(a.chance, a.g.residence(a.victim)) }, false)},
		{"near_vpn_exit", "", medium, play(func(a *assault) address { return vpnAddress(a.chance, near(a)) }, false)},
		{"same_browser", "", hard, play(func(a *assault) address { return proxyAddress(a.chance, near(a)) }, true)},
	}}
}

// signingFraud lets the mails of a victim go to the attacker, who then signs in the victim's name.
func signingFraud() attack {
	play := func(pause time.Duration) func(*assault) {
		return func(a *assault) {
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			a.hostile(at, from, d, logonClass())
			at = at.Add(a.span(time.Minute, 4*time.Minute))
			a.hostile(at, from, d, class{object: "User", action: "EmailForwardingChanged"}, pair{"Email", "x@example.net"})
			for range a.between(1, 3) {
				at = at.Add(a.span(pause, 2*pause))
				id := pair{"EnvelopeId", a.guid()}
				a.hostile(at, from, d, class{object: "Envelope", action: "Viewed"}, id)
				a.hostile(at.Add(a.span(10*time.Second, time.Minute)), from, d, class{object: "Envelope", action: "Signed"}, id)
			}
		}
	}
	return attack{kind: "signing_fraud", detection: "session_anomaly", variants: []variant{
		{"at_once", "", medium, play(5 * time.Minute)},
		{"hours_later", "", hard, play(2 * time.Hour)},
	}}
}

// massDownload takes agreements out with a stolen password.
func massDownload() attack {
	play := func(n int, low, high time.Duration, insider bool) func(*assault) {
		return func(a *assault) {
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			if insider {
				from, d = a.usual(), a.g.computer(a.victim, a.at)
			}
			a.hostile(at, from, d, logonClass())
			for range n {
				at = at.Add(a.span(low, high))
				a.hostile(at, from, d, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()}, pair{"DocumentId", "combined"})
			}
		}
	}
	return attack{kind: "mass_download", detection: "session_anomaly", variants: []variant{
		{"fast", "", easy, play(120, 300*time.Millisecond, 2*time.Second, false)},
		{"slow", "", medium, play(40, 20*time.Second, 2*time.Minute, false)},
		{"insider", "", hard, play(90, time.Second, 6*time.Second, true)},
	}}
}
