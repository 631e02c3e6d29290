package event

import (
	"slices"
	"strings"
)

// Outcomes of an event.
const (
	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
)

// failing are the beginnings of results that say that something did not succeed.
var failing = []string{"fail", "error", "denied", "deny", "invalid", "reject", "unsuccess", "nosuccess", "notsuccess", "block", "incorrect", "wrong", "unauthor", "notallowed", "forbidden", "refused"}

// Outcome is whether what was tried succeeded, by the activity and the result; what says nothing of it has succeeded.
func (e *Event) Outcome() string {
	if e.Activity == ActivityFailedLogon {
		return OutcomeFailure
	}
	result := strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(e.Result))
	if slices.ContainsFunc(failing, func(f string) bool { return strings.HasPrefix(result, f) }) || strings.HasSuffix(result, "failed") || strings.HasSuffix(result, "failure") {
		return OutcomeFailure
	}
	return OutcomeSuccess
}
