package entra

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/sealwatch/sealwatch/ingest/rounds"
)

// Kinds of failure.
const (
	// KindSecret, KindCertificate, KindApplication, KindTenant and KindClock are refusals of a token, KindToken those for
	// another reason.
	KindSecret      = "secret"
	KindCertificate = "certificate"
	KindApplication = "application"
	KindTenant      = "tenant"
	KindClock       = "clock"
	KindToken       = "token"
	// KindPermission is a permission that no administrator has granted.
	KindPermission = "permission"
	// KindGroup is a configured group that is not there.
	KindGroup     = "group"
	KindNotFound  = "not_found"
	KindThrottled = "throttled"
	// KindResync says that the position is not known any more: everything has to be read anew.
	KindResync = "resync"
	// KindRequest is a call that Graph cannot read.
	KindRequest  = "request"
	KindServer   = "server"
	KindNetwork  = "network"
	KindResponse = "response"
	// KindStorage is a database that takes nothing.
	KindStorage = "storage"
)

// Error is a call that failed, explained to an administrator of Entra ID.
type Error struct {
	Kind string
	// Message says what is wrong and what to do.
	Message string
	// Status of the answer; 0 when there was none.
	Status int
	// Code is Graph's or the login's own, Request the id by which Microsoft's support finds the call.
	Code, Request string
	// Detail is what the service said, shortened and free of secrets.
	Detail     string
	RetryAfter time.Duration
	Err        error
}

// Error is all of it on one line.
func (e *Error) Error() string {
	var more []string
	if e.Status != 0 {
		more = append(more, fmt.Sprintf("HTTP %d", e.Status))
	}
	if said := strings.TrimSpace(strings.Join([]string{e.Code, e.Detail}, " ")); said != "" {
		more = append(more, "Microsoft said: "+said)
	}
	if e.Request != "" {
		more = append(more, "request-id "+e.Request)
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

// Explain says what kind of failure an error of a round is.
func Explain(err error) rounds.Failure {
	var e *Error
	if !errors.As(err, &e) {
		return rounds.Failure{Kind: KindStorage}
	}
	f := rounds.Failure{Kind: e.Kind, RetryAfter: e.RetryAfter}
	switch e.Kind {
	case KindSecret, KindCertificate, KindApplication, KindTenant, KindClock, KindToken, KindPermission, KindGroup, KindNotFound:
		f.Refused = true
	}
	return f
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
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}
