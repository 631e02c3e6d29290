package simulate

import (
	"fmt"
	"slices"
	"time"
)

// attack is one kind of attack with the ways in which it is done, which take turns. A new kind is a file of its own and
// a line in attacks.
type attack struct {
	kind string
	// detection is the id of the one that should find it.
	detection string
	variants  []variant
}

// variant plans the records of one attack that begins at assault.at; planning none means that the organisation has nobody
// for it.
type variant struct {
	name string
	// detection should find it, where the ways of a kind differ in that.
	detection string
	// difficulty is easy, medium or hard.
	difficulty string
	plan       func(*assault)
}

const (
	easy   = "easy"
	medium = "medium"
	hard   = "hard"
)

// attacks lists the kinds.
func attacks() []attack {
	return []attack{
		impossibleTravel(), failedLogins(), infrequentCountry(), anonymousNetwork(), knownBadAddress(), spraying(), distributedSpraying(), stuffing(),
		terminatedUser(), unusualAdmin(), takeover(), keyTheft(), cookieTheft(), signingFraud(), envelopeTransfer(), slowPoisoning(), massDownload(), connectListener(),
	}
}

// attacked says whether a kind is played.
func (g *Generator) attacked(kind string) bool { return slices.Contains(g.o.Attacks, kind) }

// Kinds are the names of the attacks that there are.
func Kinds() []string {
	var all []string
	for _, a := range attacks() {
		all = append(all, a.kind)
	}
	return all
}

// assault is one attack in the making.
type assault struct {
	g      *Generator
	victim *user
	at     time.Time
	// records make the attack visible, others come with it.
	records, others []*record
	chance
}

// legitimate is something that the victim does at home or in the office.
func (a *assault) legitimate(at time.Time, from address, k class, data ...pair) *record {
	r := &record{at: at, id: a.guid(), user: a.victim.id, key: notUsed, from: from, device: a.g.computer(a.victim, at), class: k, source: "Web", data: data}
	a.records = append(a.records, r)
	return r
}

// hostile is something that the attacker does in the victim's name.
func (a *assault) hostile(at time.Time, from address, d *device, k class, data ...pair) *record {
	r := &record{at: at, id: a.guid(), user: a.victim.id, key: notUsed, from: from, device: d, class: k, source: "Web", data: data, hostile: true}
	a.records = append(a.records, r)
	return r
}

// arm prepares the attacks that were asked for.
func (g *Generator) arm() {
	for _, a := range slices.Concat(attacks(), overheard()) {
		if slices.Contains(g.o.Attacks, a.kind) {
			g.attacksAvailable = append(g.attacksAvailable, a)
		}
	}
	g.attackTime = g.o.AttacksFrom
	g.schedule()
}

// schedule moves on to the time of the next attack.
func (g *Generator) schedule() {
	if len(g.attacksAvailable) == 0 || g.o.AttacksPerDay == 0 {
		g.attackTime = g.o.End
		return
	}
	pause := time.Duration(float64(24*time.Hour) / g.o.AttacksPerDay)
	c := newChance(g.o.Seed, "attack time", g.attackNumber)
	g.attackTime = g.o.AttacksFrom.Add(time.Duration(g.attackNumber)*pause + c.span(pause/5, pause*4/5))
}

// attack plans all attacks that begin before a time.
func (g *Generator) attack(before time.Time) {
	for g.attackTime.Before(before) && g.attackTime.Before(g.o.End) {
		n := len(g.attacksAvailable)
		kind := g.attacksAvailable[int(g.attackNumber)%n]
		way := kind.variants[int(g.attackNumber)/n%len(kind.variants)]
		a := &assault{g: g, at: g.attackTime, chance: newChance(g.o.Seed, "attack", g.attackNumber)}
		if a.victim = g.victim(a.chance, a.at); a.victim != nil {
			way.plan(a)
			g.launch(a, kind, way)
		}
		g.attackNumber++
		g.schedule()
	}
}

// launch labels an attack and hands its records over, unless it does not fit into the simulated time as a whole.
func (g *Generator) launch(a *assault, kind attack, way variant) {
	slices.SortStableFunc(a.records, func(x, y *record) int { return x.at.Compare(y.at) })
	if len(a.records) == 0 {
		return
	}
	label := Label{ID: fmt.Sprintf("attack-%05d", g.attackNumber+1), Kind: kind.kind, Variant: way.name, Difficulty: way.difficulty, UserID: a.victim.id,
		ExpectedDetection: kind.detection}
	if kind.detection == "" {
		label.ExpectedDetection = way.detection
	}
	for _, r := range a.records {
		if !g.inside(r.at) {
			return
		}
		if r.user != nobody && !slices.Contains(label.UserIDs, r.user) {
			label.UserIDs = append(label.UserIDs, r.user)
		}
		label.EventIDs = append(label.EventIDs, r.id)
		if r.hostile {
			label.AttackerEventIDs = append(label.AttackerEventIDs, r.id)
		}
	}
	label.Start, label.End = a.records[0].at.Truncate(100), a.records[len(a.records)-1].at.Truncate(100)
	if g.o.OnAttack != nil {
		g.o.OnAttack(label)
	}
	g.lastVictim[a.victim.index] = a.at
	for _, r := range slices.Concat(a.records, a.others) {
		g.push(r)
	}
}

// victim chooses somebody who is at home in the office's city, awake, and was left alone for a day; when there is nobody
// of that kind, somebody who comes close; nil when the organisation has no people.
func (g *Generator) victim(c chance, at time.Time) *user {
	var rested, longest *user
	for range 200 {
		u := pick(c, g.users)
		if !g.steady(u, at) {
			continue
		}
		if longest == nil || g.lastVictim[u.index].Before(g.lastVictim[longest.index]) {
			longest = u
		}
		if last, ok := g.lastVictim[u.index]; ok && at.Sub(last) < 24*time.Hour {
			continue
		}
		if h := at.In(u.office.zone).Hour(); h >= 8 && h < 20 {
			return u
		}
		rested = u
	}
	if rested != nil {
		return rested
	}
	return longest
}

// steady says whether somebody is a person of the organisation who is on no journey around a time.
func (g *Generator) steady(u *user, at time.Time) bool {
	if u.job == application || u.leaves(at) || g.has(u, "zone_hopping") || g.has(u, "shared_mailboxes") {
		return false
	}
	for day := dayOf(at) - 1; day <= dayOf(at)+1; day++ {
		if _, away, _ := g.whereabouts(u, day); away || g.journey(u, day) != nil {
			return false
		}
	}
	return true
}
