package controls

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// State is a control as it was last seen.
type State struct {
	// Scope is the list that it is in; the state of a scope itself has no Object.
	Scope, Object, Kind string
	Account, Name       string
	// JSON is the state, without secrets.
	JSON string
	// Chain is a hash over all states that the object has had: a change to and fro is not the change before.
	Chain   string
	Removed bool
	// Seen is when it was first seen so, Version counts up.
	Seen    time.Time
	Version uint64
}

// chained is the hash that follows.
func chained(before, state string, removed bool) string {
	sum := sha256.Sum256([]byte(before + "\x00" + strconv.FormatBool(removed) + "\x00" + state))
	return hex.EncodeToString(sum[:])
}

// compare says what a list changes: the states to store, and an event for each. A first look makes states and no events; neither does
// a setting that comes or goes, which DocuSign's releases do. Since is when the list was first looked at; last is the look before this, zero
// when this is the first: then only what has a time of its own after since is news.
func (s *Source) compare(in scope, now []object, was map[string]State, since, last, at time.Time) (states []State, events []event.Record) {
	seen := map[string]bool{}
	settings := in.kind == Setting || in.kind == PasswordRule
	for i := range now {
		o := &now[i]
		if seen[o.id] {
			continue
		}
		seen[o.id] = true
		before, known := was[o.id]
		text := canonical(o.state)
		if known && !before.Removed && before.JSON == text {
			continue
		}
		next := State{Scope: in.name, Object: o.id, Kind: in.kind, Account: in.account, Name: o.name, JSON: text, Chain: chained(before.Chain, text, false), Seen: at, Version: before.Version + 1}
		states = append(states, next)
		switch {
		case settings && !known:
		case !last.IsZero():
			events = append(events, s.event(in, o, before, next, last, at))
		case !since.IsZero() && o.modified.After(since):
			events = append(events, s.event(in, o, before, next, since, at))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(was)) {
		before := was[id]
		if seen[id] || before.Removed || settings {
			continue
		}
		next := before
		next.Removed, next.Chain, next.Seen, next.Version = true, chained(before.Chain, "", true), at, before.Version+1
		states = append(states, next)
		events = append(events, s.event(in, &object{id: id, name: before.Name}, before, next, last, at))
	}
	return states, events
}

// retentionMargin is how long an event may wait to be stored and still not be older than the retention.
const retentionMargin = 24 * time.Hour

// kept says whether an event of that time will be taken.
func (s *Source) kept(own, at time.Time) bool {
	return s.o.Retention <= 0 || at.Sub(own) < s.o.Retention-retentionMargin
}

// event tells of one difference. Nobody is said to have done it unless DocuSign says who; its time is DocuSign's where that lies since
// the last look and within the retention, else that of this look.
func (s *Source) event(in scope, o *object, before, next State, last, at time.Time) event.Record {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.o.Origin.Tenant, s.o.Origin.Source, in.name, o.id, next.Chain}, "\x00")))
	r := event.Record{EventID: "control-" + hex.EncodeToString(sum[:16]), Timestamp: at, AccountID: in.account, OrganizationID: in.organization, Object: objects[in.kind], Source: "Other"}
	then, is := decoded(before.JSON), decoded(next.JSON)
	if before.Removed {
		then = nil
	}
	if next.Removed {
		is = nil
	}
	r.Action = action(in.kind, then, is)
	data := map[string]any{"Kind": in.kind, "ObjectId": o.id, "Name": o.name, "NoticedAt": at.Format(time.RFC3339), "NotBefore": last.Format(time.RFC3339), "Actor": "unknown"}
	if !o.modified.IsZero() {
		data["ModifiedAt"] = o.modified.Format(time.RFC3339)
	}
	if in.kind == Setting || in.kind == PasswordRule {
		data["SettingsKey"] = o.id
		r.Property = protection(in.kind, o.id, then["value"], is["value"])
	}
	if own := o.modified; own.After(last) && !own.After(at) {
		if s.kept(own, at) {
			r.Timestamp = own
		}
		if o.actor != "" || o.by != "" {
			data["Actor"], r.UserID, r.UserName = "named by DocuSign", o.actor, o.by
		}
		if o.actor == "" {
			r.UserName = ""
			data["ModifiedBy"] = o.by
		}
	}
	data["Before"], data["After"] = difference(then, is)
	r.Data = []byte(canonical(data))
	return r
}

func decoded(text string) map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(text), &m) // nothing of a state that cannot be read is known
	return m
}

// difference are the members that are not the same.
func difference(then, is map[string]any) (before, after map[string]any) {
	before, after = map[string]any{}, map[string]any{}
	for key, v := range then {
		if canonical(v) != canonical(is[key]) {
			before[key] = v
		}
	}
	for key, v := range is {
		if canonical(v) != canonical(then[key]) {
			after[key] = v
		}
	}
	return before, after
}

// action is what was done, in words that the classification knows.
func action(kind string, then, is map[string]any) string {
	grants := kind == Share || kind == Authorization
	switch {
	case then == nil && grants:
		return "Granted"
	case then == nil:
		return "Created"
	case is == nil && grants:
		return "Revoked"
	case is == nil:
		return "Deleted"
	}
	if kind == Setting || kind == PasswordRule {
		switch was, now := flag(then["value"]), flag(is["value"]); {
		case was == "true" && now == "false":
			return "Disabled"
		case was == "false" && now == "true":
			return "Enabled"
		}
	}
	return "Updated"
}

// flag is a truth value, which DocuSign writes as text.
func flag(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case string:
		return strings.ToLower(v)
	}
	return ""
}

// authentication are settings about how people prove who they are, though their names do not say so.
var authentication = regexp.MustCompile(`(?i)^(signerMust(LoginToSign|HaveAccount)|senderMustAuthenticateSigning|(mobile|signing)?SessionTimeout|disableMultipleSessions|skipAuthCompletedEnvelopes|idCheck.*|authenticationCheck|signerLoginRequirements|socialIdRecipAuth|allowSocialIdLogin|enableSocialIdLogin)$`)

// protection is the property of a setting's event: what it protects, and that it protects less by a number.
func protection(kind, key string, then, is any) string {
	property := ""
	if kind == Setting && authentication.MatchString(key) {
		property = "Authentication"
	}
	was, err1 := strconv.ParseFloat(flag(then), 64)
	now, err2 := strconv.ParseFloat(flag(is), 64)
	low := strings.ToLower(key)
	switch {
	case err1 != nil || err2 != nil:
	case kind == PasswordRule && now < was && (strings.Contains(low, "length") || strings.Contains(low, "lockout") || strings.Contains(low, "questions")):
		property = "Reduced"
	case property != "" && strings.HasSuffix(low, "timeout") && now > was:
		property += " Relaxed"
	}
	return property
}
