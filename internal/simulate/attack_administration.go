package simulate

import (
	"fmt"
	"time"
)

// admin turns to an administrator; false when the organisation has none who stays.
func (a *assault) admin() bool {
	var all []*user
	for _, u := range a.g.users {
		if u.job == administrator && a.g.steady(u, a.at) {
			all = append(all, u)
		}
	}
	if len(all) == 0 {
		return false
	}
	a.victim = pick(a.chance, all)
	return true
}

// unusualAdmin is a burst of administration.
func unusualAdmin() attack {
	burst := func(n int, low, high time.Duration, kinds ...class) func(*assault) {
		return func(a *assault) {
			if !a.admin() {
				return
			}
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			a.hostile(at, from, d, logonClass())
			for range n {
				at = at.Add(a.span(low, high))
				r := a.hostile(at, from, d, pick(a.chance, kinds), pair{"AffectedUserId", pick(a.chance, a.g.users).id})
				r.affected = pick(a.chance, a.g.users).id
			}
		}
	}
	return attack{kind: "unusual_admin", detection: "unusual_admin", variants: []variant{
		{"users_deleted", "", easy, burst(60, time.Second, 8*time.Second, class{object: "User", action: "Deleted"})},
		{"passwords_reset", "", medium, burst(25, 5*time.Second, 40*time.Second, class{object: "User", action: "PasswordReset"})},
		{"mixed_slow", "", hard, burst(16, time.Minute, 4*time.Minute, class{object: "User", action: "Updated"}, class{object: "Group", action: "Updated"}, class{object: "Account", action: "UserAdded"})},
	}}
}

// takeover is the sequence that matters: an administrator of the attacker's own, a lock taken off, the data taken out.
func takeover() attack {
	play := func(low, high time.Duration) func(*assault) {
		return func(a *assault) {
			if !a.admin() {
				return
			}
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			a.hostile(at, from, d, logonClass())
			for _, k := range []class{
				{object: "Account", action: "UserAdded"}, {object: "User", action: "AdministratorAdded"},
				{object: "Account", action: "AuthenticationRequirementDisabled"}, {object: "Account", action: "ExportUsers"}, {object: "EnvelopeReport", action: "Downloaded"},
			} {
				at = at.Add(a.span(low, high))
				r := a.hostile(at, from, d, k, pair{"AffectedUserId", a.guid()}, pair{"PermissionProfileId", fmt.Sprint(a.between(14_000_000, 27_000_000))})
				r.affected = a.victim.id
			}
		}
	}
	return attack{kind: "takeover", detection: "unusual_admin", variants: []variant{
		{"minutes", "", easy, play(20*time.Second, 3*time.Minute)},
		{"hours", "", medium, play(20*time.Minute, 70*time.Minute)},
	}}
}

// connectListener sends a copy of everything to the attacker.
func connectListener() attack {
	return attack{kind: "connect_listener", detection: "control_change", variants: []variant{
		{"from_afar", "", easy, func(a *assault) { a.control(true, class{object: "ConnectConfiguration", action: "Created"}) }},
		{"from_the_city", "", medium, func(a *assault) { a.control(false, class{object: "ConnectConfiguration", action: "Created"}) }},
	}}
}

// control changes one setting that matters.
func (a *assault) control(afar bool, k class) {
	if !a.admin() {
		return
	}
	from, d := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance)
	if afar {
		from = a.far()
	}
	a.hostile(a.at, from, d, logonClass())
	a.hostile(a.at.Add(a.span(time.Minute, 5*time.Minute)), from, d, k, pair{"Url", "https://collect.example.net/in"})
}

// envelopeTransfer hands the agreements of others over to an account of the attacker's.
func envelopeTransfer() attack {
	return attack{kind: "envelope_transfer", detection: "control_change", variants: []variant{
		{"rule", "", easy, func(a *assault) { a.control(false, class{object: "EnvelopeTransferRule", action: "Created"}) }},
		{"one_by_one", "", hard, func(a *assault) {
			if !a.admin() {
				return
			}
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			a.hostile(at, from, d, logonClass())
			for range a.between(15, 40) {
				at = at.Add(a.span(4*time.Second, 30*time.Second))
				a.hostile(at, from, d, class{object: "Envelope", action: "Transferred"}, pair{"EnvelopeId", a.guid()})
			}
		}},
	}}
}
