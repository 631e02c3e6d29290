// Package timeline holds what is told of a user around a time.
package timeline

import (
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Query asks for a page.
type Query struct {
	// User by id or e-mail.
	User string
	// From is inclusive, To exclusive.
	From, To time.Time
	// After is the last entry of the page before; the zero one is the beginning.
	After Position
	Limit int
}

// Position of an entry.
type Position struct {
	Time time.Time
	// Alert says that it is an alert: those stand before the events of the same time, and in the falling order of their ids.
	Alert bool
	ID    string
}

// Timeline is a page of what happened.
type Timeline struct {
	Who Who
	// Entries in order of time.
	Entries []Entry
	// More says that others follow the last of them.
	More bool
	// Traits of the user's own events in the whole span, on the first page only.
	Traits []Trait
}

// Who somebody is.
type Who struct {
	// IDs at DocuSign, Emails and Name as the events and the directory have them.
	IDs, Emails []string
	Name        string
	// Person is what the directory said at the middle of the span; nil when it knows nobody.
	Person *alert.Person
}

// Entry is an event or an alert.
type Entry struct {
	// Time is the begin of the span for an alert that began before it.
	Time  time.Time
	Event *event.Event
	// Relation is how an event of somebody else concerns the user; empty for what the user did.
	Relation string
	Alert    *alert.Alert
}

// Position of the entry.
func (e *Entry) Position() Position {
	if e.Alert != nil {
		return Position{Time: e.Alert.Start, Alert: true, ID: e.Alert.ID}
	}
	return Position{Time: e.Time, ID: e.Event.ID}
}

// TraitPlace is a kind of Trait beside those of alerts.
const TraitPlace = "place"

// Trait is a place, address, network or device of the events.
type Trait struct {
	// Kind is TraitPlace or one of alert.TraitAddress, TraitNetwork and TraitDevice.
	Kind, Value, Label string
	Events             uint64
	First, Last        time.Time
	// New says that the user did not have it in the ninety days before the span.
	New bool
}

// Step is the time and the id of an event.
type Step struct {
	Time time.Time
	ID   string
	// Relation is one of those below; empty for what the user did.
	Relation string
}

// Relations of a user to what somebody else did.
const (
	// RelationAffected is that it was done to the user, RelationReferenced that the record refers to the user.
	RelationAffected, RelationReferenced = "affected", "referenced"
	// RelationRecipient and RelationSender are what the record names the user as, by e-mail.
	RelationRecipient, RelationSender = "recipient", "sender"
)

// Account is a user as the events know one.
type Account struct{ ID, Email, Name string }
