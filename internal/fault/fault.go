// Package fault holds the errors that have a meaning to a client of the API. Anything else is a defect, and a client
// learns no more of it than that. It imports the standard library only.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Reason is the machine-readable cause; its values are those of sealwatch.v1.ErrorReason without the prefix.
type Reason string

// Reasons.
const (
	NotFound           Reason = "NOT_FOUND"
	InvalidArgument    Reason = "INVALID_ARGUMENT"
	InvalidPageToken   Reason = "INVALID_PAGE_TOKEN"
	InvalidResumeToken Reason = "INVALID_RESUME_TOKEN"
	QueueFull          Reason = "QUEUE_FULL"
	StorageUnavailable Reason = "STORAGE_UNAVAILABLE"
	ShuttingDown       Reason = "SHUTTING_DOWN"
	BodyTooLarge       Reason = "BODY_TOO_LARGE"
	AlreadyExists      Reason = "ALREADY_EXISTS"
	// ReadOnly says that it is kept elsewhere, and changed there.
	ReadOnly           Reason = "READ_ONLY"
	ResumeTokenExpired Reason = "RESUME_TOKEN_EXPIRED"
	TooManySubscribers Reason = "TOO_MANY_SUBSCRIBERS"
	ReaderStalled      Reason = "READER_STALLED"
	LimitExceeded      Reason = "LIMIT_EXCEEDED"
	TooManyHunts       Reason = "TOO_MANY_HUNTS"
	SQLRefused         Reason = "SQL_REFUSED"
	SQLFailed          Reason = "SQL_FAILED"
	HuntingOff         Reason = "HUNTING_OFF"
	Conflict           Reason = "CONFLICT"
	CountMismatch      Reason = "COUNT_MISMATCH"
)

// Error is a failure that a client can act on.
type Error struct {
	Reason Reason
	// Message is for the client: what happened, where, what was expected. It never holds a secret or SQL.
	Message string
	// RetryAfter is when trying again makes sense; zero when it is not known.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

// Error is for the log: it includes the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error for the client.
func New(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Message: fmt.Sprintf(format, args...)}
}

// Unavailable says that the database does not answer; err is for the log.
func Unavailable(err error) *Error {
	return &Error{Reason: StorageUnavailable, Message: "the database does not answer; nothing was acknowledged, try again",
		RetryAfter: time.Second, Err: err}
}

// Is says whether err has the reason.
func Is(err error, r Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == r
}
