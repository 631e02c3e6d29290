package simulate

import "time"

// crowd draws other people of the organisation, each once.
func (a *assault) crowd(n int) []*user {
	var all []*user
	seen := map[int]bool{}
	for range n * 4 {
		if u := pick(a.chance, a.g.users); len(all) < n && u.job != application && !seen[u.index] && !u.leaves(a.at) {
			seen[u.index], all = true, append(all, u)
		}
	}
	return all
}

// against is something that the attacker does in somebody's name.
func (a *assault) against(u *user, at time.Time, from address, d *device, k class, data ...pair) *record {
	r := a.hostile(at, from, d, k, data...)
	r.user = u.id
	return r
}

// spraying tries a password or two on many accounts from one address.
func spraying() attack {
	return attack{kind: "spraying", detection: "failed_logins", variants: []variant{
		{"fast", "", easy, func(a *assault) {
			a.spray(40, 1, func() address { return hostedAddress(a.chance, a.victim.office) }, 2*time.Second, 9*time.Second, false)
		}},
		{"with_success", "", easy, func(a *assault) {
			a.spray(30, 2, func() address { return proxyAddress(a.chance, a.victim.office) }, 3*time.Second, 12*time.Second, true)
		}},
		{"slow", "", hard, func(a *assault) {
			a.spray(14, 1, func() address { return proxyAddress(a.chance, a.victim.office) }, 90*time.Second, 5*time.Minute, false)
		}},
		{"from_shared_egress", "", hard, func(a *assault) {
			a.spray(30, 1, func() address { return shared(natBlock, a.victim.office, 1) }, 4*time.Second, 15*time.Second, false)
		}},
	}}
}

// spray goes through a crowd from one address.
func (a *assault) spray(users, rounds int, line func() address, low, high time.Duration, success bool) {
	from, d, at := line(), script(a.chance), a.at
	crowd := a.crowd(users)
	for range rounds {
		for _, u := range crowd {
			r := a.against(u, at, from, d, failedLogonClass())
			if a.happens(0.15) {
				r.user = nobody // a name that there is not
			}
			at = at.Add(a.span(low, high))
		}
	}
	if success && len(crowd) > 0 {
		u := crowd[0]
		a.against(u, at, from, d, logonClass())
		a.against(u, at.Add(time.Minute), from, d, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", a.guid()})
	}
}

// distributedSpraying is the same from very many addresses.
func distributedSpraying() attack {
	play := func(users int, low, high time.Duration) func(*assault) {
		return func(a *assault) {
			d, at := script(a.chance), a.at
			for _, u := range a.crowd(users) {
				a.against(u, at, proxyAddress(a.chance, pick(a.chance, a.g.places)), d, failedLogonClass())
				at = at.Add(a.span(low, high))
			}
		}
	}
	return attack{kind: "distributed_spraying", detection: "failed_logins", variants: []variant{
		{"fast", "", medium, play(45, 2*time.Second, 15*time.Second)},
		{"slow", "", hard, play(35, time.Minute, 4*time.Minute)},
	}}
}

// stuffing tries stolen pairs of name and password: most names are unknown, one or two attempts each, a few succeed.
func stuffing() attack {
	play := func(names int, addresses int) func(*assault) {
		return func(a *assault) {
			pool := make([]address, addresses)
			for i := range pool {
				pool[i] = hostedAddress(a.chance, pick(a.chance, a.g.places))
			}
			d, at := script(a.chance), a.at
			crowd := a.crowd(names / 4)
			if len(crowd) == 0 {
				return
			}
			for i := range names {
				r := a.hostile(at, pick(a.chance, pool), d, failedLogonClass())
				r.user = nobody
				if i%4 == 0 {
					r.user = crowd[i/4%len(crowd)].id
				}
				at = at.Add(a.span(time.Second, 10*time.Second))
			}
			a.against(crowd[0], at, pick(a.chance, pool), d, logonClass())
		}
	}
	return attack{kind: "stuffing", detection: "failed_logins", variants: []variant{
		{"one_address", "", easy, play(60, 1)},
		{"few_addresses", "", medium, play(80, 4)},
		{"one_address_a_name", "", hard, play(60, 50)},
	}}
}
