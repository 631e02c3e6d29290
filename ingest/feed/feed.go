package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/sealwatch/sealwatch/internal/status"
)

// fewEntries is how small a list is that may lose any share of its entries.
const fewEntries = 10

// Feed keeps one list.
type Feed struct {
	o       Options
	log     *slog.Logger
	fetcher *fetcher
	state   state
	metrics *metrics
	retry   *backoff.ExponentialBackOff

	asks asks
	// wake lets Run look at what is asked.
	wake chan struct{}
}

// New makes a Feed.
func New(o Options) (*Feed, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	fetcher, err := newFetcher(&o)
	if err != nil {
		return nil, err
	}
	f := &Feed{o: o, log: o.Logger.With(slog.String("feed", o.Says.Source)), fetcher: fetcher, wake: make(chan struct{}, 1)}
	f.retry = &backoff.ExponentialBackOff{InitialInterval: o.FirstRetry, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: min(o.MaxRetry, max(o.Interval, o.FirstRetry))}
	f.retry.Reset()
	f.state.state, f.state.errors = status.FeedStarting, map[string]uint64{}
	f.metrics = newMetrics(o.Registerer, f)
	return f, nil
}

// Name of the feed, which is the source of its ranges.
func (f *Feed) Name() string { return f.o.Says.Source }

// Run fetches until ctx ends, and does what is asked meanwhile. It never gives up.
func (f *Feed) Run(ctx context.Context) {
	defer f.fetcher.close()
	defer f.end()
	if f.begin(ctx) != nil {
		return
	}
	for {
		f.state.mu.Lock()
		wait := f.state.next.Sub(f.o.Now())
		f.state.mu.Unlock()
		timer := time.NewTimer(max(0, wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-f.wake:
			timer.Stop()
			f.answer(ctx)
			continue
		case <-timer.C:
		}
		_ = f.attempt(ctx, false) // the status has it
	}
}

// begin loads what is remembered. The error is that of ctx.
func (f *Feed) begin(ctx context.Context) error {
	pause := f.o.FirstRetry / 10
	for {
		err := f.load(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		f.log.WarnContext(ctx, "the state of the feed cannot be read", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, f.o.FirstRetry)
	}
}

func (f *Feed) load(ctx context.Context) error {
	text, found, err := f.o.States.LoadState(ctx, f.Name())
	if err != nil {
		return err
	}
	var k kept
	if found {
		if err := k.parse(text); err != nil {
			f.log.WarnContext(ctx, "the feed begins anew", slog.Any("error", err))
			k = kept{}
		}
	}
	f.state.change(func(s *state) {
		s.k = k
		if k.Problem == "" && k.Basis == f.basis() && !k.Success.IsZero() {
			s.next = k.Success.Add(f.o.Interval)
			s.state = status.FeedCurrent
		}
		if k.Held != nil {
			s.state = status.FeedHeld
		}
	})
	return nil
}

// basis is what a copy is read by.
func (f *Feed) basis() string {
	edition := ""
	if f.o.Networks != nil && f.o.Format == FormatASN {
		edition = f.o.Networks.Edition()
	}
	b, err := json.Marshal([]any{f.o.URL, f.o.Format, f.o.Columns, f.o.Says.Category, f.o.Says.Tags, f.o.Says.Confidence, edition})
	if err != nil { // texts and numbers
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// attempt fetches a copy and takes it in; anew does so even when it is the same.
func (f *Feed) attempt(ctx context.Context, anew bool) error {
	after, err := f.take(ctx, anew)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := f.o.Now().UTC()
	var fail *Failure
	errors.As(err, &fail)
	wait := f.o.Interval
	if fail != nil {
		wait = max(f.retry.NextBackOff(), min(after, f.o.Interval))
		f.metrics.attempts[outcomeFailed].Inc()
		f.log.WarnContext(ctx, "the feed cannot be taken in; the last good copy stays in force", slog.String("kind", fail.Kind), slog.Any("error", fail))
	} else {
		f.retry.Reset()
		wait += time.Duration(rand.Int64N(int64(wait)/10 + 1)) // not everybody at once
	}
	f.state.change(func(s *state) {
		s.k.Attempt, s.next, s.k.Problem = now, now.Add(wait), ""
		switch {
		case fail != nil:
			s.k.Problem = fail.Error()
			s.errors[fail.Kind]++
			s.state = status.FeedRetrying
		case s.k.Held != nil:
			s.state = status.FeedHeld
			s.k.Problem = fmt.Sprintf("a copy with %d entries came where %d hold: look at the list, and confirm it if that is right (sealwatch feeds confirm %s); until then the last good copy stays in force",
				s.k.Held.Entries, s.k.Held.Before, f.Name())
		default:
			s.state = status.FeedCurrent
		}
	})
	if serr := f.store(ctx); serr != nil && err == nil {
		return serr
	}
	return err
}

func (f *Feed) store(ctx context.Context) error {
	f.state.mu.Lock()
	text, err := f.state.k.text()
	f.state.mu.Unlock()
	if err == nil {
		err = f.o.States.StoreState(ctx, f.Name(), text)
	}
	if err != nil {
		return failure(KindStorage, err, "the state of the feed cannot be stored")
	}
	return nil
}

// take fetches a copy, and takes it in unless it is the same, broken or suspicious.
func (f *Feed) take(ctx context.Context, anew bool) (after time.Duration, err error) {
	f.state.mu.Lock()
	k := f.state.k
	f.state.mu.Unlock()
	basis := f.basis()
	known := k.Mark
	if anew || basis != k.Basis {
		known = mark{}
	}
	c, fail := f.fetcher.get(ctx, known)
	if fail != nil {
		if c != nil {
			after = c.after
		}
		return after, fail
	}
	now := f.o.Now().UTC()
	if c.same || !anew && basis == k.Basis && c.digest() == k.Digest {
		f.metrics.attempts[outcomeSame].Inc()
		f.state.change(func(s *state) {
			s.k.Success, s.k.Held, s.k.Mark = now, nil, c.mark
			s.k.unconfirm() // what it was said of is gone
		})
		return 0, nil
	}
	l, err := f.read(bytes.NewReader(c.body))
	if err != nil {
		return 0, failure(KindFormat, err, "it is no list of the format %s", f.o.Format)
	}
	if err := l.check(&f.o); err != nil {
		return 0, err
	}
	if l.Bad > 0 {
		f.log.WarnContext(ctx, "some entries of the feed cannot be read", slog.Int("bad", l.Bad), slog.String("first", strings.Join(l.Problems, "; ")))
	}
	return 0, f.apply(ctx, c, l, basis, k, now)
}

// apply stores what a good copy changes, unless it is suspicious.
func (f *Feed) apply(ctx context.Context, c *copied, l *List, basis string, k kept, now time.Time) error {
	stored, err := f.o.Book.SourceRanges(ctx, f.Name())
	if err != nil {
		return failure(KindStorage, err, "what is stored of the feed cannot be read")
	}
	hold := standing(stored, now)
	n := l.holding(now)
	switch {
	case len(l.Entries) == 0 && hold == 0:
		return failure(KindFormat, nil, "it has no address at all (%d entries are about something else)", l.Other)
	case hold >= fewEntries && float64(n) < (1-f.o.MaxShrink)*float64(hold) || n == 0 && hold > 0:
		if !k.confirms(n, now) {
			f.metrics.attempts[outcomeHeld].Inc()
			f.log.WarnContext(ctx, "the feed shrank suspiciously and is held", slog.Int("entries", n), slog.Int("before", hold))
			f.state.change(func(s *state) {
				since := now
				if s.k.Held != nil {
					since = s.k.Held.Since
				}
				s.k.Held = &held{Since: since, Entries: n, Before: hold}
				s.k.unconfirm()
			})
			return nil
		}
	}
	ch := compare(stored, l, f.o.Says, now)
	if len(ch.write) > 0 {
		if err := f.o.Book.Know(ctx, ch.write); err != nil {
			return failure(KindStorage, err, "what the feed says cannot be stored")
		}
	}
	f.metrics.attempts[outcomeTaken].Inc()
	f.metrics.added.Add(float64(ch.added))
	f.metrics.removed.Add(float64(ch.removed))
	f.log.InfoContext(ctx, "the feed is taken in", slog.Int("entries", n), slog.Int("added", ch.added), slog.Int("removed", ch.removed), slog.Int("altered", ch.altered), slog.Int("other", l.Other))
	f.state.change(func(s *state) {
		s.k.Basis, s.k.Mark, s.k.Digest, s.k.Success, s.k.Entries, s.k.Held = basis, c.mark, c.digest(), now, n, nil
		s.k.unconfirm()
		if len(ch.write) > 0 {
			s.k.Added, s.k.Removed, s.k.Changed = ch.added, ch.removed, now
		}
	})
	return nil
}
