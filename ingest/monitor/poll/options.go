package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/event"
)

// Earliest is from when on DocuSign Monitor has data.
var Earliest = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// Options of a Poller. Name, Origin, Pages, Ingester, Positions and Rejects are needed.
type Options struct {
	// Name of the position in the store; it MUST stay the same over restarts, and have one Poller at a time.
	Name string
	// Origin of the records.
	Origin    event.Origin
	Pages     Pages
	Ingester  Ingester
	Positions Positions
	Rejects   Rejects
	// Watch is told when the source is lost, and when it is back; may be nil.
	Watch Watch
	// Since is where a source that was never read begins; seven days before now when zero.
	Since time.Time
	// BurstCalls is how many calls the account may make in 30 seconds; 200.
	BurstCalls int
	// Interval is the least time between calls at the end of the stream; a minute.
	Interval time.Duration
	// Overlap is how far before the last stored page reading begins anew when a cursor is refused; an hour.
	Overlap time.Duration
	// MaxBehind is how far behind a source may be before it counts as lost; 15 minutes.
	MaxBehind time.Duration
	// FirstRetry and MaxRetry bound the pauses after failures; 5 seconds growing to 5 minutes.
	FirstRetry, MaxRetry time.Duration
	// Now is the clock, Sleep waits for a time or the end of ctx; those of the system.
	Now        func() time.Time
	Sleep      func(ctx context.Context, d time.Duration) error
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Pages is the stream; *Stream is one.
type Pages interface {
	// Page returns the records behind the cursor. A page beside an error broke in the middle: what it has is good.
	Page(ctx context.Context, cursor string, limit int) (*Page, error)
}

// Ingester stores records.
type Ingester interface {
	// Ingest returns when every record is durable or named in the receipt's rejections. After an error the same records are
	// handed in again, which counts none twice.
	Ingest(ctx context.Context, o event.Origin, batch []event.Submission) (event.Receipt, error)
}

// Position is how far a source was read.
type Position struct {
	// Cursor of the next page.
	Cursor string
	// Middle is the event time in the middle of the last page that had events: one event with a wrong time does not move it.
	// It is never ahead of the clock, and zero before the first event.
	Middle time.Time
	// Reached says that the end of the stream was reached once, so that what comes now is no history any more.
	Reached bool
}

// Positions keep positions.
type Positions interface {
	// LoadPosition returns the position; found is false before the first StorePosition.
	LoadPosition(ctx context.Context, name string) (p Position, found bool, err error)
	StorePosition(ctx context.Context, name string, p Position) error
}

// Rejected is a record that cannot be stored as an event.
type Rejected struct {
	Origin  event.Origin
	EventID string
	// Field at fault; empty when the record as a whole is.
	Field, Problem string
	// Raw is the record as delivered.
	Raw []byte
	// Time of arrival.
	Time time.Time
}

// Rejects keep what cannot be stored as an event: the cursor goes past it. Keeping one again is harmless.
type Rejects interface {
	KeepRejected(ctx context.Context, all []Rejected) error
}

// Loss is a source that does not bring what it should.
type Loss struct {
	Source string
	// Kind is that of the failure, or KindBehind.
	Kind string
	// Title is one sentence; Problem says it in words for the administrator of the source.
	Title, Problem string
	// Since is when the source last was as it should be.
	Since time.Time
	// Failures in a row.
	Failures int
}

// KindBehind is a source that is read, and yet too far behind; KindStorage is a database that takes nothing.
const (
	KindBehind  = "behind"
	KindStorage = "storage"
)

// Watch is told about losses. Both calls may come again with the same news.
type Watch interface {
	Lost(ctx context.Context, l Loss) error
	// Restored says that the source is as it should be since the given time.
	Restored(ctx context.Context, source string, at time.Time) error
}

type noWatch struct{}

func (noWatch) Lost(context.Context, Loss) error                  { return nil }
func (noWatch) Restored(context.Context, string, time.Time) error { return nil }

func (o *Options) complete() error {
	if o.Name == "" || o.Origin.Source == "" || o.Origin.Tenant == "" || o.Pages == nil || o.Ingester == nil || o.Positions == nil || o.Rejects == nil {
		return errors.New("poll: a Name, an Origin, Pages, an Ingester, Positions and Rejects are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if !o.Since.IsZero() && (o.Since.Before(Earliest) || o.Since.After(o.Now())) {
		return fmt.Errorf("poll: source %s: since: found %s, expected a time from %s to now", o.Origin.Source, o.Since.UTC().Format(time.RFC3339), Earliest.Format(time.DateOnly))
	}
	if o.Watch == nil {
		o.Watch = noWatch{}
	}
	if o.BurstCalls <= 0 {
		o.BurstCalls = 200
	}
	orDefault(&o.Interval, time.Minute)
	orDefault(&o.Overlap, time.Hour)
	orDefault(&o.MaxBehind, 15*time.Minute)
	orDefault(&o.FirstRetry, 5*time.Second)
	orDefault(&o.MaxRetry, 5*time.Minute)
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault(d *time.Duration, otherwise time.Duration) {
	if *d <= 0 {
		*d = otherwise
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
