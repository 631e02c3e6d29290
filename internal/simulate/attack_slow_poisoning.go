package simulate

import (
	"math"
	"time"
)

// slowPoisoning does a little more every day, so that a baseline that learns everything learns the attack.
func slowPoisoning() attack {
	play := func(days int, start float64, k func(*assault) class) func(*assault) {
		return func(a *assault) {
			if k(a).object == "User" && !a.admin() {
				return
			}
			from, d := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance)
			for day := range days {
				at := a.at.Add(time.Duration(day) * 24 * time.Hour)
				a.hostile(at, from, d, logonClass())
				for range int(math.Round(start * math.Pow(1.1, float64(day)))) {
					at = at.Add(a.span(3*time.Second, 40*time.Second))
					a.hostile(at, from, d, k(a), pair{"EnvelopeId", a.guid()})
				}
			}
		}
	}
	return attack{kind: "slow_poisoning", variants: []variant{
		{"administration", "unusual_admin", hard, play(18, 6, func(*assault) class { return class{object: "User", action: "Updated"} })},
		{"downloads", "session_anomaly", hard, play(18, 6, func(*assault) class { return class{object: "Document", action: "Downloaded"} })},
	}}
}
