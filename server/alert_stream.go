package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

// newHub makes the hub of the alert streams.
func newHub(o *Options, s *alertService) (*fanout.Hub, error) {
	return fanout.New(fanout.Options{
		Log: s.changes, Life: s.draining, Tenant: s.tenant, Resume: s.log.Resume, Watermark: s.watermark, Heartbeat: o.Heartbeat,
		Window: o.StreamWindow, MaxSubscribers: o.MaxSubscribers, MaxPerClient: o.MaxSubscribersPerClient, Registerer: o.Registerer,
		Encode: func(c *alert.Change) *pb.StreamAlertsResponse {
			return &pb.StreamAlertsResponse{Change: translate.Change(c.Kind), Alert: translate.Alert(&c.Alert, s.guide(&c.Alert)),
				ResumeToken: s.log.Resume(c.Sequence), Actor: translate.Text(c.Actor), Fields: translate.FieldChanges(c.Fields())}
		},
	})
}

// StreamAlerts sends the changes of alerts. The handler watches over the sending, because gRPC lets a send wait as long as
// the reader takes nothing.
func (s *alertService) StreamAlerts(req *pb.StreamAlertsRequest, stream grpc.ServerStreamingServer[pb.StreamAlertsResponse]) error {
	sub, err := s.subscribe(stream.Context(), req, peerOf(stream.Context()), "grpc")
	if err != nil {
		return err
	}
	defer sub.Close()
	ctx, cancel := endWith(stream.Context(), s.draining)
	defer cancel()
	done := make(chan sent, 1)
	go func() {
		var r sent
		// A panic belongs to the call, not to the process.
		defer func() {
			if p := recover(); p != nil {
				r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- r
		}()
		r.err = sub.Run(ctx, grpcSink{stream})
	}()
	return s.ended(ctx, sub, s.watch(ctx, sub, done))
}

// sent is how the sending ended.
type sent struct {
	err      error
	panicked string
}

// drainGrace is how long a stream of a stopping server may take for the message that is being sent.
const drainGrace = time.Second

// watch waits for the end of the sending, or gives it up when the reader took nothing for longer than it may. The send
// that still waits ends with the call.
func (s *alertService) watch(ctx context.Context, sub *fanout.Subscription, done <-chan sent) error {
	// Twice in each period, so that a reader has one whole period at least.
	tick := time.NewTicker(s.stallTimeout / 2)
	defer tick.Stop()
	ended := func(r sent) error {
		if r.panicked != "" {
			panic(r.panicked) //nolint:forbidigo // the one of the handler, for the step of the chain that counts it and writes its stack
		}
		return r.err
	}
	last, same := uint64(0), 0
	for {
		select {
		case r := <-done:
			return ended(r)
		case <-ctx.Done():
			select {
			case r := <-done:
				return ended(r)
			case <-time.After(drainGrace):
				return ctx.Err()
			}
		case <-tick.C:
			n, sending := sub.Progress()
			if !sending || n != last {
				last, same = n, 0
				continue
			}
			if same++; same < 2 {
				continue
			}
			sub.Stalled()
			return stalled(sub, nil)
		}
	}
}

// stalled is the error for a reader that was given up.
func stalled(sub *fanout.Subscription, cause error) error {
	f := fault.New(fault.ReaderStalled, "the reader took nothing for too long; resume the stream after the last resumeToken")
	f.Err = cause
	return problem.WithMetadata(f, map[string]string{"resumeToken": sub.Token()})
}

// ended is the error with which a stream ends.
func (s *alertService) ended(ctx context.Context, sub *fanout.Subscription, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; resume the stream after the last resumeToken")
		f.RetryAfter = time.Second
		return problem.WithMetadata(f, map[string]string{"resumeToken": sub.Token()})
	}
	return err
}

// grpcSink sends over gRPC.
type grpcSink struct{ stream grpc.ServerStream }

func (g grpcSink) Change(m *fanout.Message) error {
	f, err := m.Frame()
	if err != nil {
		return err
	}
	return g.send(f)
}

func (g grpcSink) Note(m *pb.StreamAlertsResponse) error { return g.send(m) }

// send tells a reader who has gone, which is an end as any other, from a failure.
func (g grpcSink) send(m any) error {
	err := g.stream.SendMsg(m)
	if status.Code(err) == codes.Unavailable {
		return fmt.Errorf("the reader has gone: %w: %w", context.Canceled, err)
	}
	return err
}

func (g grpcSink) Flush() error { return nil }
