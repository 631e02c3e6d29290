package alert

import (
	"slices"
	"time"
)

// Context is what an alert says beside its finding: who the subject was at the time, what is usual for it, what it did
// next, and what is missing in the record. It describes and never decides: whether there is an alert, and how severe it
// is, does not depend on it. It is as it was known when it was made.
type Context struct {
	// Described is the event time up to which events had come in then.
	Described time.Time `json:"described"`
	// FirstArrival and LastArrival are when the first and the last of the finding's events were stored.
	FirstArrival time.Time `json:"firstArrival"`
	LastArrival  time.Time `json:"lastArrival"`
	// Directory is what the directory said of the user at the time of the anchor; nil when it knows nobody.
	Directory *Person `json:"directory,omitempty"`
	// Traits are the addresses, networks and devices of the finding's events, those with the most events first.
	Traits []Trait `json:"traits,omitempty"`
	// After is what the subject did in the hour after the last event, the most frequent first.
	After []Deed `json:"after,omitempty"`
	// AfterComplete says that events have come in for the whole of that hour.
	AfterComplete bool `json:"afterComplete"`
	// Names are those of whom the finding tells by an id, as they were known when this was made: of the subject where no directory has it, and of others.
	Names []Named `json:"names,omitempty"`
	// Gaps are hours around the finding in which nobody was seen although somebody usually is.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Person is an entry of the directory as of a time.
type Person struct {
	Source string `json:"source"`
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	// Status is active, disabled, deleted or on_leave; Since is when it became so, zero when not known.
	Status string    `json:"status"`
	Since  time.Time `json:"since"`
	// Kind is person, guest, shared_mailbox, room or service.
	Kind string `json:"kind,omitempty"`
	// Role is the administrator role or the permission profile; empty when no source knows it.
	Role   string   `json:"role,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// Kinds of a trait.
const (
	TraitAddress = "address"
	TraitNetwork = "network"
	TraitDevice  = "device"
)

// Trait is something that the finding's events have, and how usual it is.
type Trait struct {
	// Kind is address, network or device.
	Kind string `json:"kind"`
	// Value is the address, the number of the autonomous system, or browser and operating system with their versions.
	Value string `json:"value"`
	// Label is for people: the network's name, the kind of device.
	Label string `json:"label,omitempty"`
	// Events of the finding that have it.
	Events uint64 `json:"events"`
	// New says that the subject did not have it on the days before that of the finding, of ninety.
	New bool `json:"new"`
	// FirstSeen is when the subject had it first in those; zero when it is new.
	FirstSeen time.Time `json:"firstSeen"`
	// Days are the days among those on which the subject had it.
	Days uint64 `json:"days"`
	// Family is a device without versions, which is what detections compare: a browser is another version every few weeks.
	// FamilyDays are the days on which the subject had one of it. Empty for other kinds, and where it was not told.
	Family     string `json:"family,omitempty"`
	FamilyDays uint64 `json:"familyDays,omitempty"`
	// OtherUsers had it in the thirty days before the end of the finding.
	OtherUsers uint64 `json:"otherUsers"`
}

// Deed is what the subject did of one class.
type Deed struct {
	Activity string `json:"activity"`
	Count    uint64 `json:"count"`
	// EventIDs are the first five.
	EventIDs []string `json:"eventIds"`
}

// Gap is a span of time, both ends full hours.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Tells says whether other is worth a new version of an alert that has c: another person or status, other traits, a new
// kind of deed, twice as many of one, the end of the hour, other gaps. What grows one by one is not.
func (c *Context) Tells(other *Context) bool {
	if c == nil || other == nil {
		return other != nil
	}
	if c.AfterComplete != other.AfterComplete || !c.FirstArrival.Equal(other.FirstArrival) || !c.LastArrival.Equal(other.LastArrival) || !samePerson(c.Directory, other.Directory) || !slices.Equal(c.Gaps, other.Gaps) || len(c.After) != len(other.After) || !slices.Equal(c.Names, other.Names) {
		return true
	}
	// How many others have something changes with everybody's events; the finding's subject has not changed by that.
	same := func(a, b Trait) bool {
		return a.Kind == b.Kind && a.Value == b.Value && a.Label == b.Label && a.Events == b.Events && a.Days == b.Days && a.FamilyDays == b.FamilyDays && a.FirstSeen.Equal(b.FirstSeen)
	}
	if !slices.EqualFunc(c.Traits, other.Traits, same) {
		return true
	}
	counts := make(map[string]uint64, len(c.After))
	for _, d := range c.After {
		counts[d.Activity] = d.Count
	}
	for _, d := range other.After {
		n, ok := counts[d.Activity]
		if !ok || d.Count >= 2*n || other.AfterComplete && d.Count != n {
			return true
		}
	}
	return false
}

func samePerson(a, b *Person) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Source == b.Source && a.ID == b.ID && a.Name == b.Name && a.Email == b.Email && a.Status == b.Status && a.Since.Equal(b.Since) &&
		a.Kind == b.Kind && a.Role == b.Role && slices.Equal(a.Groups, b.Groups)
}
