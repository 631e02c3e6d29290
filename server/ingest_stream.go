package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

type ingestStream = grpc.BidiStreamingServer[pb.IngestEventsRequest, pb.IngestEventsResponse]

// streamed is one batch of a stream.
type streamed struct {
	id string
	*pending
}

// IngestEvents stores the batches of a stream, several at once, and acknowledges them in their order. One goroutine
// reads; it stops when the window is full, and so, through the flow control of gRPC, does the client.
func (s *ingestService) IngestEvents(stream ingestStream) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	// The header tells the gateway, which waits for it, that the stream is open.
	if err := stream.SendHeader(metadata.MD{}); err != nil {
		return err
	}
	queue := make(chan streamed, window-1)
	go s.read(ctx, stream, queue)
	for {
		select {
		case b, ok := <-queue:
			if !ok {
				return nil
			}
			if err := s.acknowledge(ctx, stream, b); err != nil {
				return err
			}
		case <-s.draining.Done():
			return s.finish(ctx, stream, queue)
		}
	}
}

// read begins each batch as it comes and closes the queue at the end of the stream. What ends the stream by an error
// takes its turn in the queue, behind the batches before it.
func (s *ingestService) read(ctx context.Context, stream ingestStream, queue chan<- streamed) {
	defer close(queue)
	var panicked *backgroundPanic
	push := func(b streamed) bool {
		select {
		case queue <- b:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if panicked != nil {
			push(streamed{pending: ended(outcome{panicked: panicked})})
		}
	}()
	defer catch(&panicked)
	for {
		if s.draining.Err() != nil { // a client that goes on sending must not keep the server
			push(streamed{pending: ended(outcome{err: endsNow()})})
			return
		}
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			push(streamed{pending: ended(outcome{err: err})})
			return
		}
		p, err := s.begin(ctx, req)
		if err != nil || !push(streamed{id: req.GetBatchId(), pending: p}) {
			return
		}
	}
}

// begin stores a batch in the background when there is room for it, and gives the room back when the storing is over:
// however the stream ends, and also when nobody waits for the outcome any more. The error is that of ctx.
func (s *ingestService) begin(ctx context.Context, req *pb.IngestEventsRequest) (*pending, error) {
	// A message may be larger than the whole bound; it then waits until it is alone.
	weight := min(int64(proto.Size(req)), s.maxStoring)
	if err := s.storing.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	var p *pending
	defer func() {
		if p == nil {
			s.storing.Release(weight) // a panic has come before the background
		}
	}()
	b := s.batch(req.GetRecords())
	p = b.begin(ctx, s.ingester, s.origin, func() { s.storing.Release(weight) })
	return p, nil
}

// acknowledge waits for the batch and answers for it; the error ends the stream.
func (s *ingestService) acknowledge(ctx context.Context, stream ingestStream, b streamed) error {
	var o outcome
	select {
	case o = <-b.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	o.panicked.rethrow()
	if o.err != nil {
		return ofBatch(b.id, o.err)
	}
	return stream.Send(&pb.IngestEventsResponse{BatchId: b.id, Result: translate.Result(o.receipt)})
}

// finish acknowledges what is under way and sends the client elsewhere with the rest.
func (s *ingestService) finish(ctx context.Context, stream ingestStream, queue <-chan streamed) error {
	for {
		select {
		case b, ok := <-queue:
			if !ok {
				return nil
			}
			if err := s.acknowledge(ctx, stream, b); err != nil {
				return err
			}
		default:
			return endsNow()
		}
	}
}

// endsNow sends the client elsewhere.
func endsNow() error {
	f := fault.New(fault.ShuttingDown, "this server ends; send again what was not acknowledged")
	f.RetryAfter = time.Second
	return f
}

// ofBatch says of which batch an error is.
func ofBatch(id string, err error) error {
	var f *fault.Error
	if id == "" || !errors.As(err, &f) {
		return err
	}
	named := *f
	named.Message = fmt.Sprintf("batch %q: %s", id, f.Message)
	return problem.WithMetadata(&named, map[string]string{"batchId": id})
}
