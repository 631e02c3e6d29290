package rounds

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/sealwatch/sealwatch/internal/status"
)

const (
	// confirmed is how many refusals in a row make a loss: one alone may be a hiccup.
	confirmed = 2
	// spread is the part of the interval by which rounds are moved apart, so that several sources do not call all at once.
	spread = 20
)

// Poller reads one source.
type Poller struct {
	o       Options
	log     *slog.Logger
	metrics *metrics
	wake    chan struct{}
	retry   *backoff.ExponentialBackOff

	mu     sync.Mutex
	status status.Polling
	// current is when the source was last read, or the Poller began.
	current time.Time

	// What follows belongs to Run.
	failing, refusals int
	last              Failure
	problem           string
	// told is the kind that the Watch knows of; settled says that it knows anything at all.
	told    string
	settled bool
}

// New makes a Poller, to be run once.
func New(o Options) (*Poller, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p := &Poller{o: o, log: o.Logger.With(slog.String("source", o.Source)), wake: make(chan struct{}, 1), current: o.Now(),
		status: status.Polling{State: status.PollingStarting, Remaining: -1, Errors: map[string]uint64{}}}
	p.retry = &backoff.ExponentialBackOff{InitialInterval: o.FirstRetry, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: o.MaxRetry}
	p.retry.Reset()
	p.metrics = newMetrics(o.Registerer, o.Source, func() float64 { return p.snapshot().Behind.Seconds() }, func() float64 { return float64(o.Calls()) })
	return p, nil
}

// Status says how the source is doing.
func (p *Poller) Status() status.Source {
	s := p.snapshot()
	return status.Source{Name: p.o.Source, Polling: &s}
}

func (p *Poller) snapshot() status.Polling {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.Errors, s.Warnings = maps.Clone(p.status.Errors), slices.Clone(p.status.Warnings)
	s.Behind, s.Calls = max(0, p.o.Now().Sub(p.current)), p.o.Calls()
	return s
}

// Wake lets the next round begin at once.
func (p *Poller) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run reads until ctx ends. It never gives up.
func (p *Poller) Run(ctx context.Context) {
	for {
		wait := p.round(ctx)
		if ctx.Err() != nil {
			return
		}
		p.watch(ctx)
		p.mu.Lock()
		p.status.NextAttempt = p.o.Now().Add(wait).UTC()
		p.mu.Unlock()
		if p.o.Sleep(ctx, wait, p.wake) != nil {
			return
		}
	}
}

// round reads once and returns how long to wait.
func (p *Poller) round(ctx context.Context) time.Duration {
	warnings, err := p.o.Round(ctx)
	if ctx.Err() != nil {
		return 0
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	now := p.o.Now()
	if p.failing > 0 {
		p.log.InfoContext(ctx, "the source is read again", slog.Int("failures", p.failing))
	}
	p.failing, p.refusals, p.last, p.problem = 0, 0, Failure{}, ""
	p.retry.Reset()
	p.metrics.success.Set(float64(now.UnixMilli()) / 1000)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range warnings {
		if !slices.Contains(p.status.Warnings, w) {
			p.log.WarnContext(ctx, w)
		}
	}
	p.status.State, p.status.LastError, p.status.LastSuccess, p.status.Warnings, p.current = status.PollingCurrent, "", now.UTC(), warnings, now
	return p.o.Interval - rand.N(max(1, p.o.Interval/spread))
}

// failed counts and shows a failure, and returns how long to wait.
func (p *Poller) failed(ctx context.Context, err error) time.Duration {
	f := p.o.Explain(err)
	p.failing++
	if p.refusals++; !f.Refused {
		p.refusals = 0
	}
	p.last, p.problem = f, err.Error()
	p.metrics.errors.WithLabelValues(f.Kind).Inc()
	wait := max(p.retry.NextBackOff(), f.RetryAfter)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.State, p.status.LastError = status.PollingRetrying, err.Error()
	if f.Refused {
		p.status.State = status.PollingRefused
	}
	p.status.Errors[f.Kind]++
	p.log.WarnContext(ctx, "the source cannot be read; it is tried again", slog.String("kind", f.Kind), slog.Int("failures", p.failing), slog.Duration("in", wait), slog.Any("error", err))
	return wait
}

// watch tells the Watch what is new. What it does not take is told again after the next round.
func (p *Poller) watch(ctx context.Context) {
	if p.o.Watch == nil {
		return
	}
	now := p.o.Now()
	p.mu.Lock()
	since := p.current
	p.mu.Unlock()
	lost := p.failing > 0 && (p.refusals >= confirmed || now.Sub(since) > p.o.MaxBehind)
	var err error
	switch {
	// One that somebody has to act on is news; what else changes while the source is lost is not.
	case lost && (p.told == "" || p.told != p.last.Kind && p.last.Refused):
		l := Loss{Source: p.o.Source, Kind: p.last.Kind, Problem: p.problem, Since: since, Failures: p.failing,
			Title: fmt.Sprintf("Sealwatch cannot read %s since %s (%s)", p.o.Title, since.UTC().Format("2006-01-02 15:04 MST"), p.last.Kind)}
		if p.last.Refused {
			l.Title = fmt.Sprintf("Sealwatch has lost its access to %s (%s)", p.o.Title, p.last.Kind)
		}
		if err = p.o.Watch.Lost(ctx, l); err == nil {
			p.told, p.settled = l.Kind, true
		}
	case p.failing == 0 && (p.told != "" || !p.settled):
		if err = p.o.Watch.Restored(ctx, p.o.Source, now); err == nil {
			p.told, p.settled = "", true
		}
	}
	if err != nil && ctx.Err() == nil {
		p.log.WarnContext(ctx, "an alert about the source cannot be written; it is tried again", slog.Any("error", err))
	}
}
