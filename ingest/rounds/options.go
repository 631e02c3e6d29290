package rounds

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of a Poller. Source, Title, Round and Explain are needed.
type Options struct {
	// Source by name, as the status shows it.
	Source string
	// Title names the source in a sentence, for example "the directory Microsoft Entra ID (entra)".
	Title string
	// Round reads the source once and stores what is new, and returns what somebody should know although it was read.
	Round func(ctx context.Context) (warnings []string, err error)
	// Explain says what kind of failure an error is.
	Explain func(error) Failure
	// Calls that were made since the start; may be nil.
	Calls func() uint64
	// Watch is told when the source is lost, and when it is back; may be nil.
	Watch Watch
	// Interval is the time between rounds; 15 minutes.
	Interval time.Duration
	// FirstRetry and MaxRetry bound the pauses after failures; 10 seconds growing to the interval or 10 minutes, the shorter.
	FirstRetry, MaxRetry time.Duration
	// MaxBehind is how long a source may be unread before it counts as lost; four intervals, an hour at least.
	MaxBehind time.Duration
	// Now is the clock, Sleep waits for a time, a word on wake or the end of ctx; those of the system.
	Now        func() time.Time
	Sleep      func(ctx context.Context, d time.Duration, wake <-chan struct{}) error
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Failure says what kind of failure an error is.
type Failure struct {
	// Kind in one word; a metric and the status count by it.
	Kind string
	// Refused says that trying again does not help: somebody has to act.
	Refused bool
	// RetryAfter is how long to wait at least.
	RetryAfter time.Duration
}

// Loss is a source that does not bring what it should.
type Loss struct {
	Source, Kind string
	// Title is one sentence; Problem says it in words for the administrator of the source.
	Title, Problem string
	// Since is when the source was last read.
	Since time.Time
	// Failures in a row.
	Failures int
}

// Watch is told about losses. Both calls may come again with the same news.
type Watch interface {
	Lost(ctx context.Context, l Loss) error
	// Restored says that the source is as it should be since the given time.
	Restored(ctx context.Context, source string, at time.Time) error
}

func (o *Options) complete() error {
	if o.Source == "" || o.Title == "" || o.Round == nil || o.Explain == nil {
		return errors.New("rounds: a Source, a Title, a Round and an Explain are needed")
	}
	orDefault(&o.Interval, 15*time.Minute)
	orDefault(&o.FirstRetry, 10*time.Second)
	orDefault(&o.MaxRetry, min(10*time.Minute, max(o.Interval, o.FirstRetry)))
	orDefault(&o.MaxBehind, max(time.Hour, 4*o.Interval))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Calls == nil {
		o.Calls = func() uint64 { return 0 }
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

func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
