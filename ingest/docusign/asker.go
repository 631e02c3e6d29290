package docusign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// listReserve is the part of the hourly budget that lists leave to DocuSign Monitor and the other applications: a half.
	listReserve = 2
	// askAttempts at one call: a list of many pages must not begin anew for one of them.
	askAttempts = 5
	// firstAskPause before a call is tried again, when the answer does not say it; it doubles.
	firstAskPause = 2 * time.Second
	// maxAskPause is the longest that a list waits within itself; it is longer than an hour begins anew.
	maxAskPause = 65 * time.Minute
	// maxOncePause is it for one that asks once.
	maxOncePause = 10 * time.Second
	// maxAnswerBytes bounds an answer.
	maxAnswerBytes = 32 << 20
)

// Asker reads lists and settings by the pace of the account's budget, and again where DocuSign is busy or fails.
type Asker struct {
	client *Client
	log    *slog.Logger
	// sleep waits; that of the system.
	sleep func(ctx context.Context, d time.Duration) error
	calls atomic.Uint64
	// attempts at one call, maxPause before one.
	attempts int
	maxPause time.Duration

	mu   sync.Mutex
	pace *Pace
}

// AskerOptions of an Asker.
type AskerOptions struct {
	// Sleep waits; that of the system when nil.
	Sleep func(ctx context.Context, d time.Duration) error
	// Once makes one attempt at each call and no long pause: somebody waits for the answer.
	Once   bool
	Logger *slog.Logger
}

// NewAsker asks as the client's user.
func NewAsker(client *Client, o AskerOptions) *Asker {
	if o.Sleep == nil {
		o.Sleep = wait
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	attempts, maxPause := askAttempts, maxAskPause
	if o.Once {
		attempts, maxPause = 1, maxOncePause
	}
	return &Asker{client: client, log: o.Logger, sleep: o.Sleep, attempts: attempts, maxPause: maxPause, pace: NewPace(client.o.Environment.BurstCalls, listReserve)}
}

// Client that asks.
func (a *Asker) Client() *Client { return a.client }

// Calls that were made, without those for tokens.
func (a *Asker) Calls() uint64 { return a.calls.Load() }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// JSON reads an answer. The error is an *Error or that of ctx.
func (a *Asker) JSON(ctx context.Context, scopes Scopes, address string, into any) error {
	pause := firstAskPause
	for n := 1; ; n++ {
		if err := a.turn(ctx); err != nil {
			return err
		}
		err := a.once(ctx, scopes, address, into)
		var e *Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) {
			return err
		}
		e.RetryAfter = min(e.RetryAfter, maxAskPause) // whatever a proxy answers
		if n == a.attempts {
			return err
		}
		switch e.Kind {
		case KindThrottled, KindServer, KindNetwork, KindResponse:
		default:
			return err
		}
		d := max(pause, e.RetryAfter)
		a.log.InfoContext(ctx, "DocuSign is asked again", slog.String("kind", string(e.Kind)), slog.Duration("in", d), slog.Any("error", err))
		if err := a.sleep(ctx, d); err != nil {
			return err
		}
		pause *= 2
	}
}

// turn waits until a call may be made.
func (a *Asker) turn(ctx context.Context) error {
	for {
		a.mu.Lock()
		d := a.pace.Delay(a.client.o.Now(), true)
		if d <= 0 {
			a.pace.Called(a.client.o.Now())
		}
		a.mu.Unlock()
		switch {
		case d <= 0:
			a.calls.Add(1)
			return nil
		case d > a.maxPause:
			return &Error{Kind: KindThrottled, RetryAfter: d, Message: "the call budget of the DocuSign account is used up for now; all its applications share it"}
		}
		if err := a.sleep(ctx, d); err != nil {
			return err
		}
	}
}

func (a *Asker) learn(l Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pace.Learn(l, a.client.o.Now())
}

func (a *Asker) once(ctx context.Context, scopes Scopes, address string, into any) error {
	resp, err := a.client.Get(ctx, scopes, address)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Status != 0 {
			a.learn(e.Limits)
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	a.learn(resp.Limits)
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return cutOff(hostOf(address), err)
	case len(text) > maxAnswerBytes:
		return &Error{Kind: KindResponse, Trace: resp.Trace, Message: fmt.Sprintf("the answer of %s has more than %d MiB", hostOf(address), maxAnswerBytes>>20)}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return &Error{Kind: KindResponse, Trace: resp.Trace, Message: fmt.Sprintf("the answer of %s is not as it should be: does a proxy or a portal answer in its place?", hostOf(address)), Err: err}
	}
	return nil
}
