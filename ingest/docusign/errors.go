package docusign

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Kind is what kind of failure a call met; a metric and the status count by it.
type Kind string

// Kinds of failure.
const (
	// KindConsent, KindKey, KindIntegration, KindUser and KindClock are refusals of a token.
	KindConsent     Kind = "consent"
	KindKey         Kind = "key"
	KindIntegration Kind = "integration_key"
	KindUser        Kind = "user"
	KindClock       Kind = "clock"
	// KindToken is a token that was refused although it is new, or a refusal to give one for another reason.
	KindToken Kind = "token"
	// KindEntitlement, KindOrganizations, KindRole and KindForbidden are refusals of the data; the last when the cause cannot be
	// told.
	KindEntitlement   Kind = "entitlement"
	KindOrganizations Kind = "organizations"
	KindRole          Kind = "role"
	KindForbidden     Kind = "forbidden"
	KindNotFound      Kind = "not_found"
	// KindThrottled is a call budget that is used up.
	KindThrottled Kind = "throttled"
	// KindRequest is a request that DocuSign cannot read, a cursor for example.
	KindRequest Kind = "request"
	// KindServer, KindNetwork and KindResponse pass by themselves, as a rule.
	KindServer   Kind = "server"
	KindNetwork  Kind = "network"
	KindResponse Kind = "response"
)

// LosesAccess says that trying again does not help: somebody has to act in DocuSign or in the configuration.
func (k Kind) LosesAccess() bool {
	switch k {
	case KindConsent, KindKey, KindIntegration, KindUser, KindClock, KindToken, KindEntitlement, KindOrganizations, KindRole, KindForbidden, KindNotFound:
		return true
	}
	return false
}

// Error is a call that failed, explained to a DocuSign administrator.
type Error struct {
	Kind Kind
	// Message says what is wrong and what to do.
	Message string
	// Status of the answer; 0 when there was none.
	Status int
	// Trace is the X-DocuSign-TraceToken, by which DocuSign's support finds the call.
	Trace string
	// Detail is what DocuSign said, shortened and free of secrets.
	Detail string
	// RetryAfter is how long to wait at least; zero when that was not said.
	RetryAfter time.Duration
	Limits     Limits
	// Err is the cause, where there is one below.
	Err error
}

// Error is all of it on one line.
func (e *Error) Error() string {
	var more []string
	if e.Status != 0 {
		more = append(more, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Detail != "" {
		more = append(more, fmt.Sprintf("DocuSign said: %s", e.Detail))
	}
	if e.Trace != "" {
		more = append(more, "X-DocuSign-TraceToken "+e.Trace)
	}
	if e.Err != nil {
		more = append(more, e.Err.Error())
	}
	if len(more) == 0 {
		return e.Message
	}
	return e.Message + " (" + strings.Join(more, "; ") + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error; KindNetwork for one that is not an Error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindNetwork
}

// maxDetail bounds what is kept of a foreign text, in bytes.
const maxDetail = 300

// clean makes a foreign text fit for a log: one line, short, printable.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return shorten(strings.Join(strings.Fields(s), " "), maxDetail)
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
