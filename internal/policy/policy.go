// Package policy holds the domain types of activity policies. It imports the standard library and domain packages only.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sealwatch/sealwatch/internal/duration"
)

// Policy raises alerts on events that an operator describes.
type Policy struct {
	// ID is the last part of its name; the alerts of a policy are those of the detection DetectionPrefix + ID.
	ID          string `json:"id" yaml:"id"`
	Name        string `json:"name" yaml:"name"`
	Description string `json:"description,omitempty" yaml:"description,omitempty"`
	// Severity of every alert.
	Severity string `json:"severity" yaml:"severity"`
	// Category is for people, in their own words.
	Category string `json:"category,omitempty" yaml:"category,omitempty"`
	// Attack are techniques of MITRE ATT&CK.
	Attack   []string `json:"attack,omitempty" yaml:"attack,omitempty"`
	Disabled bool     `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	// Filter selects events; of a sequence, those that every step looks at. A nil one selects all.
	Filter    *Filter   `json:"filter,omitempty" yaml:"filter,omitempty"`
	Condition Condition `json:"condition" yaml:"condition"`
	// Key says what events have in common, and whom an alert is about: user, address, account, envelope or integration.
	Key string `json:"key" yaml:"key"`
	// Scope limits alerts about users to some of them.
	Scope Scope `json:"scope,omitzero" yaml:"scope,omitempty"`
	// MaxAlertsPerDay bounds the alerts of a day of event time in UTC; DefaultMaxAlerts when 0.
	MaxAlertsPerDay int `json:"maxAlertsPerDay,omitempty" yaml:"maxAlertsPerDay,omitempty"`
	// EffectiveFrom is the event time from which it applies; the zero time means from when it was saved.
	EffectiveFrom time.Time `json:"effectiveFrom,omitzero" yaml:"effectiveFrom,omitempty"`
	// Response is what to do about an alert, step by step.
	Response []string `json:"response,omitempty" yaml:"response,omitempty"`
}

// DetectionPrefix begins the id of the detection that a policy is.
const DetectionPrefix = "policy_"

// Bounds of MaxAlertsPerDay.
const (
	DefaultMaxAlerts = 100
	MostAlerts       = 10_000
)

// Limit is how many alerts a day of event time can have.
func (p *Policy) Limit() int {
	if p.MaxAlertsPerDay == 0 {
		return DefaultMaxAlerts
	}
	return p.MaxAlertsPerDay
}

// DetectionID is the id of the detection that the policy is.
func (p *Policy) DetectionID() string { return DetectionPrefix + p.ID }

// Scope says about whom alerts are raised.
type Scope struct {
	// Include, when it names somebody: only these. Exclude wins over it.
	Include Selection `json:"include,omitzero" yaml:"include,omitempty"`
	Exclude Selection `json:"exclude,omitzero" yaml:"exclude,omitempty"`
}

// Selection names people.
type Selection struct {
	// Users by e-mail or DocuSign's user id.
	Users []string `json:"users,omitempty" yaml:"users,omitempty"`
	// Groups of the directory, as of the anchor.
	Groups []string `json:"groups,omitempty" yaml:"groups,omitempty"`
}

// Keys of a policy.
const (
	KeyUser        = "user"
	KeyAddress     = "address"
	KeyAccount     = "account"
	KeyEnvelope    = "envelope"
	KeyIntegration = "integration"
)

// Keys that a policy can have.
var Keys = []string{KeyUser, KeyAddress, KeyAccount, KeyEnvelope, KeyIntegration}

// Types of a condition.
const (
	// Single is one alert for each event.
	Single = "single"
	// Repeated is Count events within Within.
	Repeated = "repeated"
	// Distinct is Count different values of Distinct within Within.
	Distinct = "distinct"
	// Sequence is an event of each of Steps in that order within Within.
	Sequence = "sequence"
)

// Types that a condition can have.
var Types = []string{Single, Repeated, Distinct, Sequence}

// DistinctFields are what a condition can count different values of.
var DistinctFields = []string{"user", "target", "address", "network", "country", "city", "envelope", "account", "application", "device", "activity", "item", "target_domain"}

// Condition says how many of the selected events make an alert.
type Condition struct {
	Type  string `json:"type" yaml:"type"`
	Count int    `json:"count,omitempty" yaml:"count,omitempty"`
	// Within is the length of the window, which slides: it counts from each event.
	Within Duration `json:"within,omitempty" yaml:"within,omitempty"`
	// Of is the field whose different values count.
	Of    string `json:"of,omitempty" yaml:"of,omitempty"`
	Steps []Step `json:"steps,omitempty" yaml:"steps,omitempty"`
}

// Step of a sequence.
type Step struct {
	Name   string  `json:"name" yaml:"name"`
	Filter *Filter `json:"filter" yaml:"filter"`
}

// Filter is a condition on a field, or a group: exactly one of All, Any, Not and Field is set.
type Filter struct {
	All []Filter `json:"all,omitempty" yaml:"all,omitempty"`
	Any []Filter `json:"any,omitempty" yaml:"any,omitempty"`
	Not *Filter  `json:"not,omitempty" yaml:"not,omitempty"`

	Field    string `json:"field,omitempty" yaml:"field,omitempty"`
	Operator string `json:"operator,omitempty" yaml:"operator,omitempty"`
	// Values of equals, contains, starts_with and their negations; one of them is enough.
	Values []string `json:"values,omitempty" yaml:"values,omitempty"`
	// From and To bound in_range, From inclusive and To not (but for numbers); an empty one is open.
	From string `json:"from,omitempty" yaml:"from,omitempty"`
	To   string `json:"to,omitempty" yaml:"to,omitempty"`
	// Role says of which user: actor, target or any; actor when empty.
	Role string `json:"role,omitempty" yaml:"role,omitempty"`
	// Missing says what an event without a value does: match or no_match. Negations need it.
	Missing string `json:"missing,omitempty" yaml:"missing,omitempty"`
	// TimeZone of time_of_day and weekday, as in the IANA database; UTC when empty.
	TimeZone string `json:"timeZone,omitempty" yaml:"timeZone,omitempty"`
	// Property is the key of the record's open part that the field data looks at.
	Property string `json:"property,omitempty" yaml:"property,omitempty"`
	// Days before that of the event in which is_new looks; 30 when 0.
	Days int `json:"days,omitempty" yaml:"days,omitempty"`
}

// Duration is a time.Duration that is written as text, such as 5m.
type Duration time.Duration

// MarshalText writes it as 5m, 24h or 7d.
func (d Duration) MarshalText() ([]byte, error) { return []byte(duration.Text(time.Duration(d))), nil }

// UnmarshalText reads 5m, 1h30m, 24h, 7d.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := duration.Parse(string(text))
	*d = Duration(v)
	return err
}

// noDuration is what the decoder of YAML says that it expected where a text is no duration.
type noDuration struct{}

// UnmarshalYAML reads as UnmarshalText does; what is none is one of the mistakes that the decoder collects with their lines.
func (d *Duration) UnmarshalYAML(decode func(any) error) error {
	var text string
	if err := decode(&text); err != nil {
		return decode(&noDuration{})
	}
	if err := d.UnmarshalText([]byte(text)); err != nil {
		return decode(&noDuration{})
	}
	return nil
}

// Stored is a policy with what is kept beside it.
type Stored struct {
	Policy
	// File is where it comes from; empty for one that was saved over the API.
	File string
	// Version counts the changes of the policy, from 1.
	Version uint64
	// Since is the event time from which this version applies.
	Since            time.Time
	Created, Updated time.Time
	// Author made this version.
	Author  string
	Removed bool
}

// Etag is the same for equal content and version only.
func (s *Stored) Etag() string {
	text, err := json.Marshal(s.Policy)
	if err != nil {
		return "" // no such policy can have been stored
	}
	sum := sha256.Sum256(append(text, byte(s.Version), byte(s.Version>>8), byte(s.Version>>16)))
	return hex.EncodeToString(sum[:8])
}

// Day is how many findings a policy had on a day of event time.
type Day struct {
	// Date is YYYY-MM-DD in UTC.
	Date string
	// Alerts were raised, OverLimit were not because of MaxAlertsPerDay, Suppressed for other reasons.
	Alerts, OverLimit, Suppressed int
}
