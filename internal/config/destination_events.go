package config

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// DestinationEvents are the events that are forwarded to a destination. Presets and activities are joined by OR, everything else by AND;
// what is empty selects all.
type DestinationEvents struct {
	// Groups of events: authentication (logons, failed logons, logoffs, lockouts, authentication of recipients), administration (what
	// changes the account) and users (users, groups, permissions, lockouts, acting for others).
	Presets []string `yaml:"presets,omitempty"`
	// Activities by the classification, such as download.
	Activities []string `yaml:"activities,omitempty"`
	// Only what succeeded (success) or did not (failure). Empty is both.
	Outcome string `yaml:"outcome,omitempty"`
	// Users who acted or were affected: DocuSign user ids, or e-mail addresses or names that the event or the directory has.
	Users []string `yaml:"users,omitempty"`
	// Where forwarding begins when it is new: now (with the next event that comes in), first (with the oldest stored), or a date
	// (2026-01-31, in UTC) or a time (RFC 3339): with what happened since. Empty is now. A date holds for as long as it stands here.
	StartAt string `yaml:"startAt,omitempty"`
	// Most events that are sent in a second, over any longer time; 0 is without a limit.
	MaxPerSecond int `yaml:"maxPerSecond,omitempty"`
}

var eventPresets = map[string][]string{
	"authentication": {"logon", "failed_logon", "logoff", "lockout", "recipient_authentication"},
	"administration": nil,
	"users":          {"user_management", "group_management", "permission", "lockout", "impersonation"},
}

var activityPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Since is the time that startAt names; zero when it names none.
func (e *DestinationEvents) Since() time.Time { return timeOf(e.StartAt) }

// Selected are the activities of the presets and those that are named, and whether those of administration are added. Neither is there
// when all events are selected.
func (e *DestinationEvents) Selected() (activities []string, administrative bool) {
	activities = slices.Clone(e.Activities)
	for _, p := range e.Presets {
		activities = append(activities, eventPresets[p]...)
		administrative = administrative || p == "administration"
	}
	slices.Sort(activities)
	return slices.Compact(activities), administrative
}

func (e *DestinationEvents) validate(p *problems, key func(string) string) {
	for _, preset := range e.Presets {
		p.oneOf(key("presets"), preset, "authentication", "administration", "users")
	}
	for _, a := range e.Activities {
		if !activityPattern.MatchString(a) {
			p.add(key("activities"), a, "an activity such as download")
		}
	}
	if e.Outcome != "" {
		p.oneOf(key("outcome"), e.Outcome, "success", "failure")
	}
	for _, u := range e.Users {
		if strings.TrimSpace(u) == "" {
			p.add(key("users"), u, "an e-mail address, a name or a DocuSign user id")
		}
	}
	validateStart(p, key("startAt"), e.StartAt)
	p.within(key("maxPerSecond"), int64(e.MaxPerSecond), 0, 1_000_000)
}
