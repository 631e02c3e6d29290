// Package exporters delivers the changes of alerts to other systems. The alert log is the queue: each destination has a
// Runner with a durable cursor over it, and an Exporter that encodes and sends, and knows nothing else.
package exporters

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Exporter encodes changes for one receiver and sends them. A Runner never calls it from two goroutines at once.
type Exporter interface {
	// Kind names the format and transport, for example syslog.
	Kind() string
	// Export sends the changes in the given order and returns nil when the receiver took them all. It MUST return soon
	// after ctx is done, MUST NOT keep or alter the slice, and MUST NOT let a secret into an error. An error that is no
	// *Error counts as Retryable with nothing accepted.
	Export(ctx context.Context, changes []alert.Change) error
	// Close ends the connection to the receiver; ctx bounds the farewell. Nothing is called afterwards.
	Close(ctx context.Context) error
}

// Keeper is an Exporter with something to look after while no change is due, such as a connection on which the end of
// what was sent may have been lost.
type Keeper interface {
	// Keep is called from time to time between exports, under the rules of Export.
	Keep(ctx context.Context) error
}

// Patient is an Exporter that may need longer for one export than Options.AttemptTimeout, such as one that waits for acknowledgements.
type Patient interface {
	// Patience is how long an export may take. It MUST be longer than the exporter's own times together, so that the exporter ends it.
	Patience() time.Duration
}

// Checker is an Exporter that can say more about its settings than its constructor: whether the files can be used that it reads later.
type Checker interface {
	// Check connects to nobody and changes nothing.
	Check() error
}

// Web is an Exporter that speaks HTTP.
type Web interface {
	// Transport is how it connects, with its proxy, dialer and TLS. It belongs to the exporter.
	Transport() *http.Transport
}

// ErrorKind says what a failed export calls for.
type ErrorKind int

// Kinds of a failed export.
const (
	// Retryable failures go away by themselves: the runner tries again without end.
	Retryable ErrorKind = iota
	// Unauthorized means that a person has to change something at the receiver or in the configuration: credentials,
	// rights, a destination that does not exist. The runner pauses, keeps everything and looks again now and then.
	Unauthorized
	// Permanent means that the receiver will never take the changes that Failed names, or, when it names none and
	// Accepted is 0, the batch as it is: the runner then halves it until the change at fault is alone.
	Permanent
)

// String is the kind as metrics label it.
func (k ErrorKind) String() string {
	switch k {
	case Unauthorized:
		return "unauthorized"
	case Permanent:
		return "permanent"
	}
	return "retryable"
}

// Error is the outcome of an export that was not a full success. Changes that are neither accepted nor failed are sent
// again.
type Error struct {
	Kind ErrorKind
	// Accepted is how many changes at the beginning of the batch the receiver took, those in Failed left aside.
	Accepted int
	// Failed has the index in the batch of each change that the receiver will never take, with the reason. Those become dead letters,
	// whatever Kind says about the others, when the receiver took another one of the batch; otherwise they are sent again in smaller ones.
	Failed map[int]string
	// Whole says of an Unauthorized failure that it has nothing to do with what the changes hold, so that looking at them one by one
	// says nothing: none of them is ever at fault.
	Whole bool
	// RetryAfter is the least time to wait, as the receiver asked; 0 when it did not.
	RetryAfter time.Duration
	// Err is the cause.
	Err error
}

// Error is the cause with its kind.
func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case len(e.Failed) > 0:
		reason := e.Failed[slices.Min(slices.Collect(maps.Keys(e.Failed)))]
		if len(e.Failed) == 1 {
			return "it is refused for good: " + reason
		}
		return fmt.Sprintf("%d are refused for good, the first: %s", len(e.Failed), reason)
	}
	return e.Kind.String() + " failure"
}

// MostRefused is after how many changes that a receiver refuses one by one an export ends, so that it does not press a receiver that
// refuses everything: the runner pauses before the next.
const MostRefused = 5

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// EventExporter is an Exporter that can forward audit events.
type EventExporter interface {
	// ExportEvents sends the events in the given order, under the rules of Export; Accepted and Failed of an *Error count events. A
	// Runner never calls it and Export of the same exporter: events have a destination's second exporter, with a connection of its own.
	ExportEvents(ctx context.Context, events []event.Event) error
}
