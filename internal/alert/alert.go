// Package alert holds the domain types of findings and alerts. It imports the standard library only.
package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Severities, from the least to the most severe.
const (
	SeverityInformational = "informational"
	SeverityLow           = "low"
	SeverityMedium        = "medium"
	SeverityHigh          = "high"
	SeverityCritical      = "critical"
)

var severities = []string{SeverityInformational, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}

// SeverityRank is 1 for informational up to 5 for critical, and 0 for anything else.
func SeverityRank(s string) int { return slices.Index(severities, s) + 1 }

// States of an alert.
const (
	StateNew        = "new"
	StateInProgress = "in_progress"
	StateResolved   = "resolved"
	StateRetracted  = "retracted"
	StateSuppressed = "suppressed"
)

// MaxEventIDs is the most event ids that a finding carries; EventCount has the number of all.
const MaxEventIDs = 100

// Subject is whom or what an alert is about.
type Subject struct {
	// Type is user, address, integration, organization (an account as a whole), source, or, of policies, account or envelope.
	Type, ID           string
	Email, DisplayName string
}

// Finding is one row of a detection's view.
type Finding struct {
	Tenant, Detection string
	Subject           Subject
	// Key is the finding's anchor; with tenant, detection and subject it is the finding's identity.
	Key string
	// Anchor is the event time of the anchor event.
	Anchor time.Time
	// Start and End are the event times of the first and the last event.
	Start, End time.Time
	// EventIDs in event time, at most MaxEventIDs of the EventCount that there are.
	EventIDs   []string
	EventCount uint64
	Score      float64
	Severity   string
	Title      string
	// Evidence is a JSON object.
	Evidence string
	// SuppressedBy lists the reasons for which this finding raises no alert.
	SuppressedBy []string
}

// IDLength is how many characters the id of an alert has.
const IDLength = 32

// AlertID is the alert id of the finding: 32 hexadecimal digits, the same for every evaluation.
func (f *Finding) AlertID() string {
	h := sha256.New()
	for _, s := range []string{f.Tenant, f.Detection, f.Subject.Type, f.Subject.ID, f.Key} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Alert is a finding with what people made of it: one version of it.
type Alert struct {
	ID string
	Finding
	Triage Triage
	// Context is what else is known of it; nil for what raised no alert, and until it was described.
	Context *Context
	// Retracted says that the events, as known now, no longer make this finding.
	Retracted bool
	// SupersededBy is the id of the alert that took the place of a retracted one.
	SupersededBy string
	// Created is when the alert was first raised, Updated when this version was made.
	Created, Updated time.Time
	// Sequence numbers the changes of all alerts without a gap, from 1.
	Sequence uint64
	// Actor made this version: "analysis" or a person.
	Actor string
}

// Guide is what helps a person who has an alert before them.
type Guide struct {
	// Rerun is SQL that finds the finding again, AllEvents SQL that lists all that its subject did in its span.
	Rerun, AllEvents string
	// Response is what to do, step by step.
	Response []string
}

// State is what a reader sees: retracted and suppressed come before what people set.
func (a *Alert) State() string {
	switch {
	case a.Retracted:
		return StateRetracted
	case len(a.SuppressedBy) > 0:
		return StateSuppressed
	case a.Triage.State == "":
		return StateNew
	}
	return a.Triage.State
}

// Kinds of a change.
const (
	ChangeCreated   = "created"
	ChangeUpdated   = "updated"
	ChangeRetracted = "retracted"
	// ChangeDescribed changed the context and nothing else.
	ChangeDescribed = "described"
)

// Change is one entry of the alert log: the alert as it is after the change.
type Change struct {
	Kind string
	// PreviousState is what State returned before the change; empty when the alert was created. Who writes the log MUST
	// fill it: by it a reader learns that an alert has left its filter, also after a resume.
	PreviousState string
	// PreviousSeverity, PreviousStart and PreviousEnd are what they were before the change, by the same rule.
	PreviousSeverity           string
	PreviousStart, PreviousEnd time.Time
	// Previous is what else was before the change; nil when the alert was created, and for what was written before there was this.
	Previous *Previous
	Alert
}

// Previous is the part of an alert before a change by which a filter can select.
type Previous struct {
	Classification string   `json:"classification,omitempty"`
	Reason         string   `json:"reason,omitempty"`
	Assignee       string   `json:"assignee,omitempty"`
	Commented      bool     `json:"commented,omitempty"`
	EventCount     uint64   `json:"eventCount"`
	Title          string   `json:"title"`
	SuppressedBy   []string `json:"suppressedBy,omitempty"`
}

// Size is about how many bytes of memory the change holds.
func (c *Change) Size() int {
	const fixed, each = 1000, 60
	n := fixed + len(c.Title) + len(c.Evidence) + each*(len(c.EventIDs)+len(c.SuppressedBy)+len(c.Triage.Comments)) + CommentBytes(c.Triage.Comments)
	if c.Context != nil {
		n += fixed + 4*each*(len(c.Context.Traits)+len(c.Context.After)+len(c.Context.Gaps)+len(c.Context.Names))
	}
	return n
}

// Follow notes what a was before the change.
func (c *Change) Follow(a *Alert) {
	c.PreviousState, c.PreviousSeverity, c.PreviousStart, c.PreviousEnd = a.State(), a.Severity, a.Start, a.End
	t := &a.Triage
	c.Previous = &Previous{Classification: t.Classification, Reason: t.Reason, Assignee: t.Assignee, Commented: len(t.Comments) > 0, EventCount: a.EventCount, Title: a.Title}
	if len(a.SuppressedBy) > 0 {
		c.Previous.SuppressedBy = a.SuppressedBy
	}
}
