package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// upload is one run.
type upload struct {
	Options
	batches <-chan *batch
	// pending are the batches that are not acknowledged, oldest first.
	pending []*batch
	// ended says that the source has no more.
	ended bool

	mu    sync.Mutex
	total Total

	saying sync.Mutex
}

// Run sends everything that next returns until it returns io.EOF, and returns when all of it was acknowledged. Another
// error of next ends the upload after what came before was acknowledged. Records over the size limit are rejected here.
// The Total is right in any case, for what was acknowledged. The callbacks come one at a time each.
func Run(ctx context.Context, next func() (Record, error), o Options) (Total, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u := &upload{Options: o.withDefaults()}
	batches, failed := feed(ctx, next, u.Linger, u.reject)
	u.batches = batches
	err := u.run(ctx)
	if err == nil {
		select {
		case err = <-failed:
		default:
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.total, err
}

// reject counts a record that is not worth sending.
func (u *upload) reject(r Rejection) {
	u.mu.Lock()
	u.total.Rejected++
	u.mu.Unlock()
	u.say(r)
}

// say passes a rejection on; both the reading and the sending side do.
func (u *upload) say(r Rejection) {
	u.saying.Lock()
	defer u.saying.Unlock()
	u.Rejected(r)
}

// run opens the stream again and again until everything is acknowledged.
func (u *upload) run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 200*time.Millisecond, 5*time.Second
	acknowledged, patience := time.Now(), u.FirstPatience
	for {
		progress := false
		err := u.stream(ctx, func() { progress = true })
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if progress {
			acknowledged, patience = time.Now(), u.Patience
			pause.Reset()
		}
		wait, again := retry(err)
		if !again {
			return u.explain(err)
		}
		if wait == 0 {
			wait = pause.NextBackOff()
		}
		if time.Since(acknowledged)+wait > patience {
			return fmt.Errorf("nothing was acknowledged for %s: %w", patience, err)
		}
		u.Retrying(err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// explain adds which records were under way when the service refused for good.
func (u *upload) explain(err error) error {
	if len(u.pending) == 0 {
		return err
	}
	first, last := u.pending[0].records[0], u.pending[0].records[len(u.pending[0].records)-1]
	return fmt.Errorf("records %d to %d of %s: %w", first.Index+1, last.Index+1, first.File, err)
}

// answer is what the service sends: an acknowledgement, or the end of the stream.
type answer struct {
	*sealwatchv1.IngestEventsResponse
	err error
}

// stream sends what is pending and what comes, on one stream, until everything is acknowledged or the stream breaks.
func (u *upload) stream(ctx context.Context, progress func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := u.Client.IngestEvents(ctx)
	if err != nil {
		return err
	}
	answers := receive(ctx, s, u.Window)
	for sent := 0; ; {
		for ; sent < len(u.pending); sent++ {
			if err := u.send(s, u.pending[sent]); err != nil {
				return u.drain(answers, progress)
			}
		}
		if u.ended && len(u.pending) == 0 {
			return finish(s, answers)
		}
		more := u.batches
		if u.ended || len(u.pending) == u.Window {
			more = nil
		}
		select {
		case b, ok := <-more:
			if u.ended = !ok; ok {
				u.pending = append(u.pending, b)
			}
		case a, ok := <-answers:
			if !ok {
				return io.ErrUnexpectedEOF
			}
			if a.err != nil {
				return a.err
			}
			if err := u.acknowledge(a.IngestEventsResponse); err != nil {
				return err
			}
			progress()
			sent--
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send sends a batch; the reason of a failure is in the answers.
func (u *upload) send(s grpc.BidiStreamingClient[sealwatchv1.IngestEventsRequest, sealwatchv1.IngestEventsResponse], b *batch) error {
	if b.sent++; b.sent == 2 {
		u.mu.Lock()
		u.total.Resent += int64(len(b.records))
		u.mu.Unlock()
	}
	return s.Send(b.request)
}

// receive reads the answers until the stream or ctx ends, and then closes the channel. (The stream's own context is no
// sign to stop: it ends before its last answers are taken.)
func receive(ctx context.Context, s grpc.BidiStreamingClient[sealwatchv1.IngestEventsRequest, sealwatchv1.IngestEventsResponse], window int) <-chan answer {
	answers := make(chan answer, window+1)
	go func() {
		defer close(answers)
		for {
			response, err := s.Recv()
			select {
			case answers <- answer{response, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return answers
}

// drain takes the acknowledgements that came before the stream broke, and returns why it did.
func (u *upload) drain(answers <-chan answer, progress func()) error {
	for a := range answers {
		if a.err != nil {
			return a.err
		}
		if err := u.acknowledge(a.IngestEventsResponse); err != nil {
			return err
		}
		progress()
	}
	return io.ErrUnexpectedEOF
}

// finish says goodbye, so that the service sees an end and no cancellation.
func finish(s grpc.BidiStreamingClient[sealwatchv1.IngestEventsRequest, sealwatchv1.IngestEventsResponse], answers <-chan answer) error {
	if err := s.CloseSend(); err != nil {
		return nil // everything is acknowledged; how the stream ends does not matter
	}
	select {
	case <-answers:
	case <-time.After(2 * time.Second):
	}
	return nil
}

// errOutOfStep is an answer that fits nothing that was sent.
var errOutOfStep = errors.New("the service acknowledged a batch that is not the oldest one under way")

// acknowledge counts the answer to the oldest batch in.
func (u *upload) acknowledge(a *sealwatchv1.IngestEventsResponse) error {
	if len(u.pending) == 0 || u.pending[0].request.GetBatchId() != a.GetBatchId() {
		return errOutOfStep
	}
	b, r := u.pending[0], a.GetResult()
	u.pending = u.pending[1:]
	u.mu.Lock()
	t := &u.total
	t.Accepted += int64(r.GetAccepted())
	t.Duplicates += int64(r.GetDuplicates())
	t.Conflicts += int64(r.GetConflicts())
	t.Rejected += int64(r.GetRejected())
	t.Held += int64(r.GetHeld())
	t.LastSequence = max(t.LastSequence, r.GetLastSequence())
	now := *t
	u.mu.Unlock()
	for _, j := range r.GetRejections() {
		if i := int(j.GetIndex()); i >= 0 && i < len(b.records) {
			u.say(Rejection{Record: b.records[i], EventID: j.GetEventId(), Field: j.GetField(), Problem: j.GetProblem()})
		}
	}
	u.Acknowledged(now)
	return nil
}
