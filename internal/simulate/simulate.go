// Package simulate makes up a DocuSign organisation and writes its audit trail as DocuSign Monitor would: people in
// offices of several time zones, administrators, applications, the oddities of real records, and labelled attacks.
//
// The same options give the same bytes. A behaviour of people is one function in behaviours, an attack one entry in
// attacks; each lives in a file of its own.
package simulate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/spelling"
)

// Options say what to simulate.
type Options struct {
	// Seed decides everything that is left to chance.
	Seed uint64
	// Users is the number of people and service accounts, 1 to MaxUsers. Memory grows with it (about 50 kB for each), and with
	// nothing else.
	Users int
	// Start and End bound the event times; End is exclusive.
	Start, End time.Time
	// Attacks are the kinds to play, each of Kinds(); empty means none.
	Attacks []string
	// AttacksPerDay is how many of them there are in a day, over all kinds, spread evenly.
	AttacksPerDay float64
	// AttacksFrom is the event time before which nobody attacks; zero leaves the first quarter of the time quiet, seven
	// days at most, so that what is ordinary can be learned.
	AttacksFrom time.Time
	// Noise is how much there is of each of NoiseNames, as a share of what NoiseRates counts; what it does not name is off.
	// Nil means NoiseRates.
	Noise map[string]float64
	// Late is the share of records that arrive up to 45 minutes late, 0 to 1; the others come in order.
	Late float64
	// Repeats is the share of records that are delivered once more, 0 to 1.
	Repeats float64
	// Connect adds deliveries of DocuSign Connect: what a listener hears of envelopes, recipients and templates.
	Connect bool
	// OnAttack is called with the label of each attack, before any of its records is returned. May be nil.
	OnAttack func(Label)
}

// MaxUsers bounds Options.Users.
const MaxUsers = 60_000

// maxSpan bounds the simulated time.
const maxSpan = 20 * 366 * 24 * time.Hour

// Label says what an attack was. It is never part of a record.
type Label struct {
	// ID is the attack's own, unique in the run.
	ID string `json:"id"`
	// Kind is one of Kinds(), Variant the way in which it was done.
	Kind    string `json:"kind"`
	Variant string `json:"variant"`
	// Difficulty is easy, medium or hard: how much it stands out against what is ordinary.
	Difficulty string `json:"difficulty"`
	// UserID is the victim, the first one where there are several; UserIDs are all.
	UserID  string   `json:"userId"`
	UserIDs []string `json:"userIds"`
	// Start and End are the event times of the first and the last event.
	Start time.Time `json:"startTime"`
	End   time.Time `json:"endTime"`
	// EventIDs are all events that make the attack visible, AttackerEventIDs those of the attacker alone, in the order in
	// which they happen.
	EventIDs         []string `json:"eventIds"`
	AttackerEventIDs []string `json:"attackerEventIds"`
	// ExpectedDetection should find it.
	ExpectedDetection string `json:"expectedDetection"`
}

// Item is one delivered record.
type Item struct {
	// Time is the event time, Arrival when Monitor would deliver the record; items come in order of Arrival.
	Time, Arrival time.Time
	// ID is the event's.
	ID string
	// Noise is the one of NoiseNames that shaped the record; empty for what is ordinary, and for attacks.
	Noise string
	// Delivery says that JSON is a delivery of Connect and no record of Monitor; ID is the simulation's then.
	Delivery bool
	// JSON is the record, on one line, without a line break.
	JSON []byte
}

// check says everything that is wrong with the options.
func (o *Options) check() error {
	var all []error
	bad := func(name string, value any, expected string) {
		all = append(all, fmt.Errorf("%s: found %v, expected %s", name, value, expected))
	}
	if o.Users < 1 || o.Users > MaxUsers {
		bad("users", o.Users, fmt.Sprintf("1 to %d", MaxUsers))
	}
	if !o.End.After(o.Start) || o.End.Sub(o.Start) > maxSpan {
		bad("end", o.End.Format(time.RFC3339), "a time after start, "+o.Start.Format(time.RFC3339)+", by 20 years at most")
	}
	if y := o.Start.Year(); y < 2003 || y > 2099 {
		bad("start", o.Start.Format(time.RFC3339), "a time from 2003 to 2099")
	}
	for _, k := range o.Attacks {
		switch overheard := slices.Contains(ConnectKinds(), k); {
		case overheard && !o.Connect:
			bad("attacks", k, "no attack of which Connect alone tells, or connect: true in a scenario")
		case !overheard && !slices.Contains(Kinds(), k):
			bad("attacks", k, oneOf(k, append(Kinds(), ConnectKinds()...)))
		}
	}
	known := NoiseRates()
	for _, name := range slices.Sorted(maps.Keys(o.Noise)) {
		if _, ok := known[name]; !ok {
			bad("noise", name, oneOf(name, NoiseNames()))
		} else if r := o.Noise[name]; !(r >= 0 && r <= 1) {
			bad("noise "+name, r, "a share of 0 to 1")
		}
	}
	if !(o.AttacksPerDay >= 0 && o.AttacksPerDay <= 86_400) {
		bad("attacks per day", o.AttacksPerDay, "0 to 86400")
	}
	if !(o.Late >= 0 && o.Late <= 1) {
		bad("disorder", o.Late, "a share of 0 to 1")
	}
	if !(o.Repeats >= 0 && o.Repeats <= 1) {
		bad("repeats", o.Repeats, "a share of 0 to 1")
	}
	return errors.Join(all...)
}

// oneOf is what there is in the place of a name, with the one that was meant. That none can be said comes first.
func oneOf(name string, known []string) string {
	return "none, or of " + strings.Join(known, ", ") + spelling.Hint(name, append([]string{"none"}, known...))
}
