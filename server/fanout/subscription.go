package fanout

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// batchSize is how many messages a reader holds at most. It bounds what a thousand stalled ones keep in memory.
const batchSize = 16

// Sink is where the messages of one reader go. Its functions are called one at a time, and block while the reader takes
// nothing.
type Sink interface {
	// Change sends a change.
	Change(m *Message) error
	// Note sends a heartbeat or a missed span.
	Note(m *pb.StreamAlertsResponse) error
	// Flush lets go of what the sink holds back; there is nothing to send for now.
	Flush() error
}

// Subscription is one reader.
type Subscription struct {
	hub     *Hub
	request Request
	// position is the last change that was sent or passed over.
	position atomic.Uint64
	// progress grows at the beginning and at the end of each call of the sink: it is odd during one.
	progress atomic.Uint64
	// live says that the reader has once come to the end of the log. From then on it is told what it is too slow for;
	// before, it replays, at its own pace.
	live bool
	// beat is when the next heartbeat is due.
	beat time.Time
}

// Token is the resume token of what was sent.
func (s *Subscription) Token() string { return s.hub.o.Resume(s.position.Load()) }

// Progress changes whenever the sink took something; sending says that it is being waited for.
func (s *Subscription) Progress() (n uint64, sending bool) {
	n = s.progress.Load()
	return n, n%2 == 1
}

// Stalled counts a reader that was given up.
func (s *Subscription) Stalled() { s.hub.metrics.stalled.Inc() }

// Run sends until ctx ends, the request's end is reached, which is no error, or the sink fails. It reads the log from the
// asked position to its end and then goes on with what is appended: one way for what is past and for what is new, so there
// is no seam at which a change could be lost or come twice. It begins with a heartbeat, so that the reader knows at once
// that it is subscribed and has a token.
func (s *Subscription) Run(ctx context.Context, sink Sink) error {
	batch := make([]*Message, batchSize)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !time.Now().Before(s.beat) {
			if err := s.note(sink, s.Token(), &pb.StreamAlertsResponse{Change: pb.AlertChange_ALERT_CHANGE_HEARTBEAT}); err != nil {
				return err
			}
			s.hub.metrics.heartbeatsSent.Inc()
		}
		position, head := s.position.Load(), s.hub.o.Log.Head()
		if until := s.request.Until; until != nil {
			if position >= *until {
				return s.do(sink.Flush)
			}
			head = min(head, *until)
		}
		if s.live && head > position && head-position > uint64(s.hub.o.Window) {
			if err := s.miss(sink, position, head); err != nil {
				return err
			}
			continue
		}
		n, err := s.hub.feed.next(ctx, position, head, batch)
		if err != nil {
			return err
		}
		if err := s.forward(ctx, sink, batch[:n]); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		s.live = true
		if err := s.wait(ctx, sink, position); err != nil {
			return err
		}
	}
}

// forward sends a change when the filter selects the alert as it is, or selected it before: a reader has to learn that an
// alert has left its filter.
func (s *Subscription) forward(ctx context.Context, sink Sink, batch []*Message) error {
	sent := 0
	defer func() { s.hub.metrics.changesSent.Add(float64(sent)) }()
	for i, m := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := &s.request.Filter
		if c := &m.Change; c.Tenant == s.hub.o.Tenant && (f.Match(&c.Alert) || f.MatchPrevious(c)) {
			if err := s.do(func() error { return sink.Change(m) }); err != nil {
				return err
			}
			sent++
		}
		s.position.Store(m.Change.Sequence)
		batch[i] = nil
	}
	if sent > 0 {
		s.beat = time.Now().Add(s.hub.o.Heartbeat)
	}
	return nil
}

// miss goes on at head and tells the reader what lies between.
func (s *Subscription) miss(sink Sink, after, head uint64) error {
	count := head - after
	s.hub.metrics.missed.Add(float64(count))
	s.hub.metrics.missedSpans.Inc()
	until := s.hub.o.Resume(head)
	err := s.note(sink, until, &pb.StreamAlertsResponse{Change: pb.AlertChange_ALERT_CHANGE_MISSED, Missed: &pb.MissedChanges{
		After: s.hub.o.Resume(after), Until: until, Count: int32(min(count, math.MaxInt32)), //nolint:gosec // bounded
	}})
	if err != nil {
		return err
	}
	// Not before it was told: a stream that is cut meanwhile has to resume before the span.
	s.position.Store(head)
	s.hub.metrics.missedsSent.Inc()
	return nil
}

func (s *Subscription) note(sink Sink, token string, m *pb.StreamAlertsResponse) error {
	m.ResumeToken = token
	if at := s.hub.o.Watermark(); !at.IsZero() {
		m.Watermark = timestamppb.New(at)
	}
	s.beat = time.Now().Add(s.hub.o.Heartbeat)
	return s.do(func() error { return sink.Note(m) })
}

func (s *Subscription) do(call func() error) error {
	s.progress.Add(1)
	err := call()
	s.progress.Add(1)
	return err
}

// wait returns when there is more, or when the next heartbeat is due.
func (s *Subscription) wait(ctx context.Context, sink Sink, position uint64) error {
	if err := s.do(sink.Flush); err != nil {
		return err
	}
	wait, cancel := context.WithDeadline(ctx, s.beat)
	defer cancel()
	err := s.hub.o.Log.Wait(wait, position)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && wait.Err() == nil:
		return fmt.Errorf("wait for the alert log after %d: %w", position, err)
	}
	return nil
}
