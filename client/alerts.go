package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// First is the token to begin with the first change that the service retains.
const First = "0"

// Change is one change of an alert.
type Change struct {
	// Kind says what happened; heartbeats come only with the option Heartbeats.
	Kind sealwatchv1.AlertChange
	// Alert as it is after the change; nil in a heartbeat. It belongs to the caller.
	Alert *sealwatchv1.Alert
	// Token begins after this change when it is given to Alerts.
	Token string
	// Watermark is the event time up to which events had come in when the change was sent; zero before the first.
	Watermark time.Time
	// Actor made the change: analysis, or a person. Fields say what it made another.
	Actor  string
	Fields []*sealwatchv1.AlertFieldChange
}

// Missed is a span of changes that the service did not send live.
type Missed struct {
	// After and Until are the tokens before and at the end of the span.
	After, Until string
	// Count of the changes in it, of which the filter may select fewer.
	Count int
}

// Alerts are the changes of the alerts that filter selects (nil selects all that are open), after a token: "" begins with
// the next change, First with the oldest, and Change.Token of an earlier iteration goes on where that one ended. Each
// change comes once and in order, and none is left out. A change by which an alert leaves the filter comes, too.
//
// When the stream breaks, another is opened after a pause that grows, with jitter. The iteration ends without an error when ctx
// does, and when the loop is left; it ends with one error when the service refuses, such as a token that it does not
// know (see Earliest for one that is too old). All work is done in the caller's goroutine: while the loop's body runs,
// nothing is read.
func (c *Client) Alerts(ctx context.Context, filter *sealwatchv1.AlertFilter, after string, opts ...Option) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		f := &follower{client: c, filter: filter, after: after, o: options{silence: defaultSilence}, yield: yield, pause: newPause()}
		for _, set := range opts {
			set(&f.o)
		}
		if err := f.run(ctx); err != nil {
			yield(Change{}, err)
		}
	}
}

const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
)

// newPause grows from firstPause to lastPause, each time half to one and a half of that.
func newPause() *backoff.ExponentialBackOff {
	p := backoff.NewExponentialBackOff()
	p.InitialInterval, p.MaxInterval = firstPause, lastPause
	return p
}

// follower is one iteration.
type follower struct {
	client *Client
	filter *sealwatchv1.AlertFilter
	o      options
	yield  func(Change, error) bool
	pause  *backoff.ExponentialBackOff

	// after is the token of the last message.
	after string
	// last is the sequence of the last change that was given.
	last int64
	// reached says that the service has answered once.
	reached bool
	// given says that the present stream has given a change.
	given bool
}

// errLeft says that the loop was left.
var errLeft = errors.New("left")

// errMissed says that the stream went on without a span.
var errMissed = errors.New("changes were missed")

func (f *follower) run(ctx context.Context) error {
	begun := time.Now()
	for {
		f.given = false
		opened := time.Now()
		err := f.stream(ctx)
		if f.given || f.reached && time.Since(opened) > lastPause {
			f.pause.Reset() // not for a stream that is opened and breaks at once
		}
		switch {
		case errors.Is(err, errLeft), ctx.Err() != nil:
			return nil
		case errors.Is(err, errMissed) && f.given:
			continue // the span is read from its beginning, at this reader's pace
		case final(err), !f.reached && f.o.giveUp > 0 && time.Since(begun) > f.o.giveUp:
			return err
		}
		pause := max(f.pause.NextBackOff(), delay(err))
		if f.o.retrying != nil && !errors.Is(err, errMissed) {
			f.o.retrying(err, pause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// stream follows one stream to its end. The error is never nil.
func (f *follower) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(f.o.silence, func() { cancel(errSilent) })
	defer quiet.Stop()
	request := &sealwatchv1.StreamAlertsRequest{Filter: f.filter, After: f.after}
	if f.after == "" && !f.o.since.IsZero() {
		request.Since = timestamppb.New(f.o.since)
	}
	s, err := f.client.alerts.StreamAlerts(ctx, request)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		// Only while the service is waited for: how long the caller takes for a change is no sign of anything.
		quiet.Reset(f.o.silence)
		m, err := s.Recv()
		quiet.Stop()
		switch {
		case errors.Is(context.Cause(ctx), errSilent):
			return errSilent
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
		if first {
			f.reached = true
			if f.o.connected != nil {
				f.o.connected()
			}
		}
		if err := f.take(m); err != nil {
			return err
		}
	}
}

// take gives one message on.
func (f *follower) take(m *sealwatchv1.StreamAlertsResponse) error {
	if span := m.GetMissed(); span != nil {
		if f.o.missed != nil {
			f.o.missed(Missed{After: span.GetAfter(), Until: span.GetUntil(), Count: int(span.GetCount())})
		}
		f.after = span.GetAfter()
		return errMissed
	}
	if m.GetResumeToken() != "" {
		f.after = m.GetResumeToken()
	}
	c := Change{Kind: m.GetChange(), Alert: m.GetAlert(), Token: f.after, Actor: m.GetActor(), Fields: m.GetFields()}
	if m.GetWatermark() != nil {
		c.Watermark = m.GetWatermark().AsTime()
	}
	switch {
	case c.Alert == nil && !f.o.heartbeats:
		return nil
	case c.Alert != nil && c.Alert.GetSequence() != 0 && c.Alert.GetSequence() <= f.last:
		return nil // it was given before the stream broke
	case c.Alert != nil:
		f.last, f.given = c.Alert.GetSequence(), true
	}
	if !f.yield(c, nil) {
		return errLeft
	}
	return nil
}
