package rounds

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// partPause is the pause after the second failure in a row of a part; it doubles up to maxPartPause. After the first there is none.
	partPause    = 30 * time.Minute
	maxPartPause = 12 * time.Hour
	// partBehind is how long a part may be unread before it counts as lost.
	partBehind = 24 * time.Hour
)

// Parts follows parts of a source that fail on their own, while the rest is read: each has its own back-off and its own loss. It belongs to
// the rounds of one source.
type Parts struct {
	o   PartsOptions
	all map[string]*part
}

// PartsOptions of Parts. Source, Explain and Now are needed.
type PartsOptions struct {
	// Source that the parts are of; a loss is told under its name and the part's.
	Source  string
	Explain func(error) Failure
	// Watch is told when a part is lost, and when it is back; may be nil.
	Watch  Watch
	Now    func() time.Time
	Logger *slog.Logger
}

type part struct {
	failures, refusals int
	// since is when it was last read, or first failed; next is when it is asked for again.
	since, next   time.Time
	told, settled bool
}

// NewParts follows the parts of a source.
func NewParts(o PartsOptions) *Parts {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Parts{o: o, all: map[string]*part{}}
}

func (p *Parts) of(name string) *part {
	if p.all[name] == nil {
		p.all[name] = &part{}
	}
	return p.all[name]
}

// Due says whether a part is to be asked for now; one that failed often waits.
func (p *Parts) Due(name string) bool {
	one := p.all[name]
	return one == nil || !p.o.Now().Before(one.next)
}

// Retry lets all parts be asked for at once.
func (p *Parts) Retry() {
	for _, one := range p.all {
		one.next = time.Time{}
	}
}

// Failed notes that a part could not be read, and title names it in a sentence. One that was read before (since is not zero) is a loss when
// it is refused twice in a row, or fails for a day.
func (p *Parts) Failed(ctx context.Context, name, title string, since time.Time, err error) {
	one, now, f := p.of(name), p.o.Now(), p.o.Explain(err)
	one.failures++
	if one.refusals++; !f.Refused {
		one.refusals = 0
	}
	if one.since.IsZero() {
		one.since = since
	}
	one.next = now.Add(f.RetryAfter)
	if one.failures > 1 {
		one.next = now.Add(max(f.RetryAfter, min(partPause<<min(one.failures-2, 10), maxPartPause)))
	}
	if p.o.Watch == nil || one.told || one.since.IsZero() || one.refusals < confirmed && now.Sub(one.since) < partBehind {
		return
	}
	l := Loss{Source: p.o.Source + "/" + name, Kind: f.Kind, Problem: err.Error(), Since: one.since, Failures: one.failures,
		Title: fmt.Sprintf("Sealwatch cannot read %s since %s (%s)", title, one.since.UTC().Format("2006-01-02 15:04 MST"), f.Kind)}
	if f.Refused {
		l.Title = fmt.Sprintf("Sealwatch has lost its access to %s (%s)", title, f.Kind)
	}
	if err := p.o.Watch.Lost(ctx, l); err != nil {
		p.missed(ctx, name, err)
		return
	}
	one.told, one.settled = true, true
}

// Read notes that a part was read. The first time since the start the Watch hears of it, too: the loss may be from before.
func (p *Parts) Read(ctx context.Context, name string) {
	one := p.of(name)
	one.failures, one.refusals, one.since, one.next = 0, 0, p.o.Now(), time.Time{}
	if p.o.Watch == nil || one.settled && !one.told {
		return
	}
	if err := p.o.Watch.Restored(ctx, p.o.Source+"/"+name, one.since); err != nil {
		p.missed(ctx, name, err)
		return
	}
	one.told, one.settled = false, true
}

func (p *Parts) missed(ctx context.Context, name string, err error) {
	if ctx.Err() == nil {
		p.o.Logger.WarnContext(ctx, "an alert about a part of the source cannot be written; it is tried again", slog.String("part", name), slog.Any("error", err))
	}
}
