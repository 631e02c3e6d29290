package server

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/validate"
)

// clientSide is an ingest stream whose client is the test.
type clientSide struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // it is the stream's
	// requests that come, and then the error.
	requests chan *pb.IngestEventsRequest
	end      error
	// refuse is what sending fails with.
	refuse error
}

func (c *clientSide) Context() context.Context     { return c.ctx }
func (c *clientSide) SendHeader(metadata.MD) error { return nil }

func (c *clientSide) Send(*pb.IngestEventsResponse) error { return c.refuse }

func (c *clientSide) Recv() (*pb.IngestEventsRequest, error) {
	select {
	case r, ok := <-c.requests:
		if !ok {
			return nil, c.end
		}
		return r, nil
	case <-c.ctx.Done():
		return nil, c.ctx.Err()
	}
}

// slowIngester says when a batch has come, and stores it when it is let.
type slowIngester struct {
	began, let chan struct{}
	act        func() error
}

func (s *slowIngester) Ingest(context.Context, event.Origin, []event.Submission) (event.Receipt, error) {
	s.began <- struct{}{}
	<-s.let
	return event.Receipt{}, s.act()
}

// TestStreamsGiveBackTheirWeight ends streams with a full window in every way there is: nothing of what they held may
// be missing afterwards, because it would be missing to all others, for ever.
func TestStreamsGiveBackTheirWeight(t *testing.T) {
	const bound = 1 << 20
	validator, err := validate.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		// records are sent with each batch.
		records []*pb.IngestRecord
		// act is what the ingester ends with.
		act func() error
		// end is what the stream ends with after its batches, refuse what an acknowledgement fails with.
		end, refuse error
		// cancelled and stopped are done while all batches are under way.
		cancelled, stopped bool
	}{
		"the client is done":             {end: io.EOF},
		"the client goes":                {end: io.EOF, cancelled: true},
		"the client's message fails":     {end: status.Error(3, "invalid")},
		"an acknowledgement fails":       {end: io.EOF, refuse: errors.New("the transport is closing")},
		"a batch fails":                  {end: io.EOF, act: func() error { return fault.Unavailable(errors.New("no disk")) }},
		"the ingester panics":            {end: io.EOF, act: func() error { panic("a defect") }},
		"the server stops":               {end: io.EOF, stopped: true},
		"it stops and a batch fails":     {end: io.EOF, stopped: true, act: func() error { return errors.New("no disk") }},
		"the client goes while it stops": {end: io.EOF, stopped: true, cancelled: true},
		"a message cannot be read":       {end: io.EOF, records: []*pb.IngestRecord{{Record: (*pb.IngestRecord_Monitor)(nil)}}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			draining, drain := context.WithCancel(t.Context())
			defer drain()
			ingester := &slowIngester{began: make(chan struct{}, 2*window), let: make(chan struct{}), act: c.act}
			if c.act == nil {
				ingester.act = func() error { return nil }
			}
			s := &ingestService{ingester: ingester, validator: validator, draining: draining,
				storing: semaphore.NewWeighted(bound), maxStoring: bound}
			stream := &clientSide{ctx: ctx, requests: make(chan *pb.IngestEventsRequest, window), end: c.end, refuse: c.refuse}
			records := c.records
			if records == nil {
				records = []*pb.IngestRecord{{Record: &pb.IngestRecord_MonitorJson{MonitorJson: make([]byte, bound/window/2)}}}
			}
			for range window {
				stream.requests <- &pb.IngestEventsRequest{Records: records}
			}
			close(stream.requests)
			ended := make(chan error, 1)
			go func() {
				defer close(ended)
				defer func() { _ = recover() }() // the chain does it in a server
				ended <- s.IngestEvents(stream)
			}()
			if c.records == nil {
				for range window {
					<-ingester.began
				}
			}
			if c.stopped {
				drain()
			}
			if c.cancelled {
				cancel()
			}
			close(ingester.let)
			<-ended
			// Batches that were left under way end after their stream.
			wait, giveUp := context.WithTimeout(t.Context(), 10*time.Second)
			defer giveUp()
			if err := s.storing.Acquire(wait, bound); err != nil {
				t.Errorf("a part of the bound is lost: %v", err)
			}
		})
	}
}
