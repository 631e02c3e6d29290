package poll

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

const (
	// firstSpan is how far back a source begins about which nothing was said.
	firstSpan = 7 * 24 * time.Hour
	// fresh is how old most records of a page at the end of the stream can be: a record may come five minutes late.
	fresh = 6 * time.Minute
	// justReached is how long after the end was reached an empty page means that it is still near.
	justReached = 10 * time.Minute
	// fallAgain is how soon after a refused cursor another one is no accident any more.
	fallAgain = time.Hour
	// manyEmpty is how many empty pages in a row are asked for at full speed: where even the end has a new cursor each time,
	// it has to be told from a gap.
	manyEmpty = 120
	// reserve is the part of the hourly budget that a backlog leaves to the other applications of the account: a tenth.
	reserve = 10
)

// Poller reads one source.
type Poller struct {
	o       Options
	log     *slog.Logger
	pace    *docusign.Pace
	state   state
	metrics *metrics

	// What follows belongs to Run.
	position Position
	// limit is how many records are asked for: fewer after a page that could not be read.
	limit int
	// atEnd says that the last page was the end; empty counts pages without records in a row.
	atEnd bool
	empty int
	// reached is when a page showed that it is the end; zero before the first.
	reached time.Time
	// fell is when a cursor was refused last.
	fell    time.Time
	failing int
	retry   *backoff.ExponentialBackOff
	watched watched
}

// New makes a Poller, to be run once.
func New(o Options) (*Poller, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p := &Poller{o: o, log: o.Logger.With(slog.String("source", o.Origin.Source)), pace: docusign.NewPace(o.BurstCalls, reserve), limit: MaxPageRecords}
	p.retry = &backoff.ExponentialBackOff{InitialInterval: o.FirstRetry, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: o.MaxRetry}
	p.retry.Reset()
	p.state.begin(o.Now())
	p.metrics = newMetrics(o.Registerer, o.Origin.Source, func() float64 { return p.state.snapshot(o.Now()).Behind.Seconds() },
		func() float64 { return float64(p.state.snapshot(o.Now()).Remaining) })
	return p, nil
}

// Status says how the source is doing; the counts of records are the pipeline's.
func (p *Poller) Status() status.Source {
	s := p.state.snapshot(p.o.Now())
	return status.Source{Name: p.o.Origin.Source, Polling: &s}
}

// Run reads until ctx ends. It never gives up.
func (p *Poller) Run(ctx context.Context) {
	if p.begin(ctx) != nil {
		return
	}
	for {
		wait := p.round(ctx)
		p.state.next(p.o.Now().Add(max(0, wait)))
		p.watch(ctx)
		for ; wait > 0; wait -= p.o.Interval { // in parts, so that a loss is seen while the source rests
			if p.o.Sleep(ctx, min(wait, p.o.Interval)) != nil {
				return
			}
			p.watch(ctx)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// begin finds out where to read on. The error is that of ctx.
func (p *Poller) begin(ctx context.Context) error {
	found := false
	err := p.insist(ctx, "the position of the source cannot be read", func(ctx context.Context) (err error) {
		p.position, found, err = p.o.Positions.LoadPosition(ctx, p.o.Name)
		return err
	})
	if err != nil {
		return err
	}
	now := p.o.Now()
	if !found || p.position.Cursor == "" {
		since := p.o.Since
		if since.IsZero() {
			since = now.Add(-firstSpan)
		}
		p.position.Cursor = isoCursor(since)
		p.log.InfoContext(ctx, "the source is read for the first time", slog.String("since", p.position.Cursor))
	}
	p.watched.start(now, p.position.Reached)
	return nil
}

// isoCursor is a time as a cursor.
func isoCursor(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func isTime(cursor string) bool {
	_, err := time.Parse(time.RFC3339, cursor)
	return err == nil
}

// round makes one call, where one may be made, and returns how long to wait before the next.
func (p *Poller) round(ctx context.Context) time.Duration {
	now := p.o.Now()
	if wait := p.pace.Delay(now, !p.atEnd); wait > 0 {
		if wait > p.o.Interval && p.position.Reached {
			p.fail(ctx, docusign.KindThrottled, &docusign.Error{Kind: docusign.KindThrottled,
				Message: "the call budget of the DocuSign account is nearly used up, by its other applications perhaps; reading goes on when the budget begins anew"})
		}
		return wait
	}
	p.pace.Called(now)
	p.state.called()
	p.metrics.calls.Inc()
	page, err := p.o.Pages.Page(ctx, p.position.Cursor, p.limit)
	if ctx.Err() != nil {
		return 0
	}
	p.learn(page, err)
	var middle time.Time
	if page != nil {
		if middle, err = p.take(ctx, page.Records, err); ctx.Err() != nil {
			return 0
		}
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	return p.advance(ctx, page, middle)
}

// learn takes in what an answer says about the budget.
func (p *Poller) learn(page *Page, err error) {
	var refused *docusign.Error
	var limits docusign.Limits
	switch {
	case page != nil:
		limits = page.Limits
	case errors.As(err, &refused) && refused.Status != 0:
		limits = refused.Limits
	default:
		return
	}
	p.pace.Learn(limits, p.o.Now())
	p.state.budget(limits.Remaining)
}

// advance moves behind a page whose records are durable.
func (p *Poller) advance(ctx context.Context, page *Page, middle time.Time) time.Duration {
	now := p.o.Now()
	end := page.EndCursor == p.position.Cursor
	if p.empty++; len(page.Records) > 0 {
		p.empty = 0
	}
	near := p.near(end, len(page.Records), middle, now)
	next := p.position
	next.Cursor, next.Reached = page.EndCursor, next.Reached || near
	if !middle.IsZero() {
		next.Middle = middle
	}
	if next != p.position {
		if p.insist(ctx, "the cursor of the source cannot be stored", func(ctx context.Context) error { return p.o.Positions.StorePosition(ctx, p.o.Name, next) }) != nil {
			return 0
		}
		p.position = next
	}
	if p.failing > 0 {
		p.log.InfoContext(ctx, "the source is read again", slog.Int("failures", p.failing))
	}
	p.failing, p.atEnd = 0, near
	p.retry.Reset()
	p.limit = min(MaxPageRecords, p.limit*2)
	p.metrics.pages.Inc()
	p.metrics.records.Add(float64(len(page.Records)))
	p.metrics.success.Set(float64(now.UnixMilli()) / 1000)
	p.state.succeeded(now, near)
	p.watched.succeeded(now, near)
	p.log.DebugContext(ctx, "a page is stored", slog.Int("records", len(page.Records)), slog.Bool("end", end), slog.String("trace", page.Trace))
	if near {
		return p.o.Interval
	}
	return 0
}

// near says whether a page is the end of the stream, or so near to it that the next call may wait: DocuSign gives a new
// cursor for a few records, or for none, also at the end. A wrong guess costs a minute, or a call.
func (p *Poller) near(end bool, records int, middle, now time.Time) bool {
	switch {
	case end, records > 0 && records < p.limit/2 && now.Sub(middle) < fresh:
		p.reached = now
		return true
	case records == 0:
		return now.Sub(p.reached) < justReached || p.empty > manyEmpty
	}
	return false
}

// failed notes a failure and returns how long to wait.
func (p *Poller) failed(ctx context.Context, err error) time.Duration {
	kind := docusign.KindOf(err)
	p.failing++
	p.fail(ctx, kind, err)
	if kind == docusign.KindRequest && !isTime(p.position.Cursor) {
		return p.fallBack(ctx, err)
	}
	if kind == docusign.KindResponse {
		p.limit = max(1, p.limit/2)
	}
	wait := p.retry.NextBackOff()
	var refused *docusign.Error
	if errors.As(err, &refused) {
		wait = max(wait, refused.RetryAfter)
	}
	if p.atEnd || kind == docusign.KindThrottled || kind.LosesAccess() {
		wait = max(wait, p.o.Interval)
	}
	return wait
}

// fallBack goes on from a time when DocuSign does not know the cursor any more, and returns how long to wait before. What
// comes twice counts once.
func (p *Poller) fallBack(ctx context.Context, err error) time.Duration {
	from := p.position.Middle.Add(-p.o.Overlap)
	if p.position.Middle.IsZero() {
		from = cmp.Or(p.o.Since, p.o.Now().Add(-firstSpan))
	}
	if from.Before(Earliest) {
		from = Earliest
	}
	p.position.Cursor = isoCursor(from)
	p.atEnd = false
	p.log.WarnContext(ctx, "DocuSign refuses the cursor; reading goes on from a time, and what comes again counts once", slog.String("from", p.position.Cursor), slog.Any("error", err))
	now := p.o.Now()
	again := now.Sub(p.fell) < fallAgain
	p.fell = now
	if again { // new cursors are refused, too: that must not become a race
		return p.o.Interval
	}
	return 0
}

// fail counts and shows a failure.
func (p *Poller) fail(ctx context.Context, kind docusign.Kind, err error) {
	state := status.PollingRetrying
	if kind.LosesAccess() {
		state = status.PollingRefused
	}
	p.metrics.errors.WithLabelValues(string(kind)).Inc()
	p.state.failed(state, string(kind), err.Error())
	p.watched.failed(string(kind), err.Error(), kind.LosesAccess())
	p.log.WarnContext(ctx, "the source cannot be read; it is tried again", slog.String("kind", string(kind)), slog.Int("failures", p.failing), slog.Any("error", err))
}

// insist does something with the database until it succeeds or ctx ends, whose error it returns.
func (p *Poller) insist(ctx context.Context, problem string, do func(context.Context) error) error {
	pause := &backoff.ExponentialBackOff{InitialInterval: time.Second, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: time.Minute}
	pause.Reset()
	for n := 1; ; n++ {
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			if n > 1 {
				p.state.recovered()
			}
			return nil
		}
		p.metrics.errors.WithLabelValues(KindStorage).Inc()
		p.state.failed(status.PollingRetrying, KindStorage, problem+"; it is tried again")
		p.log.WarnContext(ctx, problem+"; it is tried again", slog.Int("attempt", n), slog.Any("error", err))
		wait := pause.NextBackOff()
		p.state.next(p.o.Now().Add(wait))
		if err := p.o.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// submissions of raw records.
func submissions(records [][]byte) []event.Submission {
	all := make([]event.Submission, len(records))
	for i, raw := range records {
		all[i].JSON = raw
	}
	return all
}
