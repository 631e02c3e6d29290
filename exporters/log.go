package exporters

import (
	"context"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Log is the alert log: every change of every alert, numbered without a gap from 1.
type Log interface {
	// Head is the sequence of the last durable change, 0 when there is none.
	Head() uint64
	// Read returns up to limit durable changes after a sequence, in ascending order. It MUST return some when Head was
	// greater than after.
	Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error)
	// Severe returns up to limit durable changes of high or critical severity after a sequence and up to another, in ascending order,
	// and the sequence through which it looked.
	Severe(ctx context.Context, after, upTo uint64, limit int) (page []alert.Change, through uint64, err error)
	// Newest returns the newest durable version of each of the alerts that there are, in no order, up to a sequence.
	Newest(ctx context.Context, alertIDs []string, upTo uint64) ([]alert.Change, error)
	// Wait returns nil as soon as Head is greater than after, and an error when ctx is done before.
	Wait(ctx context.Context, after uint64) error
}

// Cursors keeps the position of each destination in the log.
type Cursors interface {
	// LoadCursor returns the position last stored under the name; found is false when there is none.
	LoadCursor(ctx context.Context, name string) (position uint64, found bool, err error)
	// StoreCursor returns nil when the position is durable.
	StoreCursor(ctx context.Context, name string, position uint64) error
}

// Deliveries keeps what each destination was sent last of each alert.
type Deliveries interface {
	// LoadSent returns what the destination was sent last of the alerts; of what it was never sent, nothing.
	LoadSent(ctx context.Context, destination string, alertIDs []string) ([]Sent, error)
	// StoreSent returns nil when all are durable. Of an alert the one with the highest sequence counts.
	StoreSent(ctx context.Context, destination string, all []Sent) error
	// ForgetSent removes what has a sequence above the given one.
	ForgetSent(ctx context.Context, destination string, above uint64) error
}

// DeadLetters keeps what a receiver refused for good.
type DeadLetters interface {
	// AddDeadLetters returns nil when all are durable. It MUST be idempotent by destination and sequence: after a crash
	// the same letters may come again. Of two with the same the one with the later Time counts.
	AddDeadLetters(ctx context.Context, d []DeadLetter) error
	// CountDeadLetters returns how many a destination has: those that stand or wait to be sent again.
	CountDeadLetters(ctx context.Context, destination string) (uint64, error)
	// Replays returns up to limit letters of a destination in the state replay, by sequence.
	Replays(ctx context.Context, destination string, limit int) ([]DeadLetter, error)
}

// DeadLetter is a change that a receiver will never take; its payload is a Document.
type DeadLetter = status.DeadLetter

// Start says where a destination without a stored cursor begins. The zero Start is the head of the log at that moment:
// what comes from now on.
type Start struct {
	// FromFirst begins with the first change that the log still has.
	FromFirst bool
	// After begins behind this sequence, unless it is 0.
	After uint64
	// Since begins with the first change made at this time or later, unless it is zero.
	Since time.Time
}

func (s Start) position(head uint64) uint64 {
	switch {
	case s.After > 0:
		return min(s.After, head)
	case s.FromFirst, !s.Since.IsZero():
		return 0
	}
	return head
}
