package exporters

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Options of a Runner. What is zero takes the default, where one is named.
type Options struct {
	// Name of the destination, unique among the runners; the cursor is stored under it. Required.
	Name string
	// Exporter to send with; the Runner closes it. Required.
	Exporter Exporter
	// Log, Cursors, Deliveries and DeadLetters are required.
	Log         Log
	Cursors     Cursors
	Deliveries  Deliveries
	DeadLetters DeadLetters
	// Filter selects what is sent. Without States it lets every state through but suppressed, so that a receiver learns of
	// retractions. A change by which an alert leaves the selected states is sent too.
	Filter alert.Filter
	// Users selects by id of the subject, or by an e-mail address or a name that the alert is sent with, without regard to case; all when empty.
	Users []string
	// Historical sends alerts that were first raised more than HistoricalAfter (24 hours) after their last event too.
	Historical      bool
	HistoricalAfter time.Duration
	// RecordedSince is when Deliveries began: an alert that is older may have been sent without a record of it, and is retracted at
	// the receiver although it is historical.
	RecordedSince time.Time
	// RecordedFor is how long Deliveries keeps what was sent; 0 is for ever.
	RecordedFor time.Duration
	// MaxPerSecond bounds the changes that are sent in a second; 0 does not.
	MaxPerSecond int
	// Start applies when no cursor is stored under Name, except Since, which always holds.
	Start Start

	// A batch is sent when it has BatchChanges changes (100) or about BatchBytes bytes (1 MiB), or when its oldest change
	// has waited for BatchAge (0: at once).
	BatchChanges, BatchBytes int
	BatchAge                 time.Duration
	// AttemptTimeout bounds one export (1 minute).
	AttemptTimeout time.Duration
	// RetryMin and RetryMax bound the back-off (500 ms, 1 minute): the n-th wait is chosen at random between 0 and
	// RetryMin * 2^n, capped.
	RetryMin, RetryMax time.Duration
	// PausedInterval is how often a paused destination is looked at again (5 minutes).
	PausedInterval time.Duration
	// CursorInterval is how often the cursor is stored while it only passes changes that are not sent (5 s).
	CursorInterval time.Duration
	// KeepInterval is how often an Exporter that is a Keeper gets its turn (5 s).
	KeepInterval time.Duration
	// Heartbeats are sent between batches by an Exporter that is a HeartbeatExporter.
	Heartbeats Heartbeats

	lane lane // nil is that of alerts

	// Logger is slog.Default when nil. Registerer may be nil: then there are no metrics.
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// maxRetryAfter caps what a receiver may ask for.
const maxRetryAfter = time.Hour

func (o *Options) complete() error {
	var errs []error
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"Name", o.Name == ""}, {"Exporter", o.Exporter == nil}, {"Log", o.Log == nil}, {"Cursors", o.Cursors == nil},
		{"Deliveries", o.Deliveries == nil}, {"DeadLetters", o.DeadLetters == nil},
	} {
		if field.missing {
			errs = append(errs, fmt.Errorf("exporters: destination %q: Options.%s is missing", o.Name, field.name))
		}
	}
	if o.BatchChanges < 0 || o.BatchBytes < 0 || o.BatchAge < 0 || o.RetryMin < 0 || o.RetryMax < 0 || o.HistoricalAfter < 0 || o.MaxPerSecond < 0 || o.Heartbeats.Interval < 0 {
		errs = append(errs, fmt.Errorf("exporters: destination %q: sizes and times must not be negative", o.Name))
	}
	defaulted(&o.HistoricalAfter, 24*time.Hour)
	defaulted(&o.BatchChanges, 100)
	defaulted(&o.BatchBytes, 1<<20)
	defaulted(&o.AttemptTimeout, time.Minute)
	defaulted(&o.RetryMin, 500*time.Millisecond)
	defaulted(&o.RetryMax, time.Minute)
	defaulted(&o.PausedInterval, 5*time.Minute)
	defaulted(&o.CursorInterval, 5*time.Second)
	defaulted(&o.KeepInterval, 5*time.Second)
	if o.lane == nil {
		o.lane = laneOfAlerts{}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return errors.Join(errs...)
}

func defaulted[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
