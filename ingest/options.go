package ingest

import (
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Options of a Pipeline. Store and Normaliser are needed, everything else has a default.
type Options struct {
	Store      Store
	Normaliser *Normaliser
	// Placements are where the operator's ranges say that addresses are, until Place says otherwise.
	Placements []intelligence.Placement
	// Retention is how long the store keeps an event after it happened; 0 for ever. Older records are rejected, because the
	// store would let them go at once.
	Retention time.Duration
	// CommitRows is about how many events are stored at once; 20,000.
	CommitRows int
	// QueueRows and QueueBytes bound what waits and is being stored; 100,000 events and 256 MiB.
	QueueRows, QueueBytes int
	// Workers is how many parts of one large batch are read at once; one a processor.
	Workers int
	// AttemptTimeout bounds one call of the store; one minute.
	AttemptTimeout time.Duration
	// FirstRetry and MaxRetry are the pauses between calls of a store that does not answer; 100 ms growing to 5 s.
	FirstRetry, MaxRetry time.Duration
	// Committed is called after each commit that stored something, one call at a time; it MUST return at once.
	Committed func(Commit)
	// Now is the clock; time.Now.
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

func (o *Options) complete() error {
	if o.Store == nil || o.Normaliser == nil {
		return errors.New("ingest: a Store and a Normaliser are needed")
	}
	orDefault(&o.CommitRows, 20_000)
	orDefault(&o.QueueRows, 100_000)
	orDefault(&o.QueueBytes, 256<<20)
	orDefault(&o.Workers, runtime.GOMAXPROCS(0))
	orDefault(&o.AttemptTimeout, time.Minute)
	orDefault(&o.FirstRetry, 100*time.Millisecond)
	orDefault(&o.MaxRetry, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault[N int | time.Duration](n *N, otherwise N) {
	if *n <= 0 {
		*n = otherwise
	}
}
