package status

import "time"

// States of a dead letter.
const (
	// LetterStands waits for somebody to decide.
	LetterStands = ""
	// LetterReplay is to be sent again.
	LetterReplay = "replay"
	// LetterSent was taken by the destination later, and LetterDiscarded was given up: neither is a dead letter any more.
	LetterSent      = "sent"
	LetterDiscarded = "discarded"
)

// DeadLetter is a change of an alert that a destination will not take.
type DeadLetter struct {
	Destination string
	// Sequence of the change; with the destination it names the letter.
	Sequence uint64
	AlertID  string
	// Reason as the receiver or the encoder gave it last.
	Reason string
	// Time is when it was first refused for good, last refused or worked on. Of two versions of a letter the later one counts.
	Time time.Time
	// First is when it was refused for good first.
	First time.Time
	State string
	// Author asked for the State; empty where nobody did.
	Author string
	// Payload is the change as JSON, as it was refused last.
	Payload string
}

// Moved is the letter in another state, later than before.
func (l *DeadLetter) Moved(state string, now time.Time) DeadLetter {
	c := *l
	c.State, c.Time = state, now.UTC().Truncate(time.Millisecond)
	if c.First.IsZero() {
		c.First = l.Time
	}
	if least := l.Time.Add(time.Millisecond); c.Time.Before(least) {
		c.Time = least
	}
	if state == LetterSent || state == LetterDiscarded {
		c.Payload = ""
	}
	return c
}

// LetterNeedless is the reason of a letter that is given up when somebody asks to have it sent again.
const LetterNeedless = "the alert was retracted, and the destination never had it: there is nothing to send, and the letter was removed"

// DeadLetterQuery selects letters that stand or wait to be sent again, by destination and sequence.
type DeadLetterQuery struct {
	// Destination and AlertID; any when empty.
	Destination, AlertID string
	// AfterDestination and AfterSequence are where the letters begin, excluded.
	AfterDestination string
	AfterSequence    uint64
	Limit            int
	// Full has the payloads too.
	Full bool
}

// DeadLetterWork moves the dead letters of a destination to another state.
type DeadLetterWork struct {
	Destination string
	// Sequence of one letter; 0 for all that the rest selects.
	Sequence uint64
	// AlertID of the letters; any when empty.
	AlertID string
	// State is LetterReplay or LetterDiscarded.
	State, Author string
	// DryRun counts only.
	DryRun bool
	// Expected is how many letters are meant; nil when nobody said.
	Expected *int
}

// Bounds of DeadLetterWork: how many letters at most, and how many without saying their number.
const (
	MostLetters      = 10_000
	UncountedLetters = 100
)
