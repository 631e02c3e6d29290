package simulate

import "time"

// keyTheft is somebody who took an integration's private key and acts in the name of whom he likes.
func keyTheft() attack {
	play := func(users int, low, high time.Duration, line func(chance, *place) address) func(*assault) {
		return func(a *assault) {
			if len(a.g.applications) == 0 {
				return
			}
			app := pick(a.chance, a.g.applications)
			from, d, at := line(a.chance, pick(a.chance, a.g.places)), script(a.chance), a.at
			for _, u := range a.crowd(users) {
				for range a.between(1, 3) {
					r := a.against(u, at, from, d, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()}, pair{"DocumentId", "combined"})
					r.key, r.source = app.key, "API"
					at = at.Add(a.span(low, high))
				}
			}
		}
	}
	return attack{kind: "key_theft", detection: "unusual_impersonation", variants: []variant{
		{"many_users", "", easy, play(30, 500*time.Millisecond, 5*time.Second, hostedAddress)},
		{"few_users", "", medium, play(5, 10*time.Second, 3*time.Minute, hostedAddress)},
		{"same_cloud", "", hard, play(8, 30*time.Second, 10*time.Minute, func(c chance, p *place) address { return cloudAddress(c.IntN(4), p) })},
	}}
}
