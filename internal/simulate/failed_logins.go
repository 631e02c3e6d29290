package simulate

import "time"

// failedLogins is somebody who tries passwords. The attempts come from addresses in the victim's own city, as sold to
// attackers, so that nothing but the failures gives them away.
func failedLogins() attack {
	return attack{kind: "failed_logins", detection: "failed_logins", variants: []variant{
		{"guessing", "", easy, guessing},
		{"guessing_success", "", easy, guessingSuccess},
		{"several_addresses", "", medium, severalAddresses},
		{"slow", "", hard, slowGuessing},
	}}
}

// guess tries passwords in quick succession and returns the time of the last attempt.
func (a *assault) guess(attempts int, from func() address, d *device) time.Time {
	at, each := a.at, time.Duration(0)
	var tries []*record
	for range attempts {
		at = at.Add(each)
		tries = append(tries, a.hostile(at, from(), d, failedLogonClass()))
		each = a.span(2*time.Second, 14*time.Second)
	}
	// DocuSign notices too, when it is six or more in an hour; its row is not part of the attack.
	if attempts >= 6 && a.happens(0.5) {
		a.others = append(a.others, alertRow(a.chance, "TooManyLoginFailures", "Medium", tries))
	}
	return at
}

// guessing never finds the password.
func guessing(a *assault) {
	from := proxyAddress(a.chance, a.victim.office)
	a.guess(a.between(14, 36), func() address { return from }, script(a.chance))
}

// guessingSuccess finds it.
func guessingSuccess(a *assault) {
	from, d := proxyAddress(a.chance, a.victim.office), desktop(a.chance)
	at := a.guess(a.between(14, 30), func() address { return from }, d).Add(a.span(3*time.Second, 20*time.Second))
	a.hostile(at, from, d, logonClass())
	a.loot(at, from, d)
}

// severalAddresses spreads the attempts over a handful of addresses.
func severalAddresses(a *assault) {
	pool := make([]address, a.between(4, 8))
	for i := range pool {
		pool[i] = proxyAddress(a.chance, a.victim.office)
	}
	a.guess(a.between(16, 40), func() address { return pick(a.chance, pool) }, script(a.chance))
}

// slowGuessing stays below DocuSign's lock-out and below what most rules count: three attempts every five minutes.
func slowGuessing(a *assault) {
	from, d, at := proxyAddress(a.chance, a.victim.office), desktop(a.chance), a.at
	for range a.between(6, 12) {
		for i := range 3 {
			a.hostile(at.Add(time.Duration(i)*20*time.Second), from, d, failedLogonClass())
		}
		at = at.Add(a.span(5*time.Minute, 7*time.Minute))
	}
}
