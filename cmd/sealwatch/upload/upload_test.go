package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service stores what it gets, and breaks streams as it is told.
type service struct {
	sealwatchv1.UnimplementedIngestServiceServer
	mu     sync.Mutex
	stored map[string]int
	max    int
	// before is asked before a batch is stored, after before it is acknowledged.
	before, after func(n int) error
	batches       int
}

func (s *service) IngestEvents(stream grpc.BidiStreamingServer[sealwatchv1.IngestEventsRequest, sealwatchv1.IngestEventsResponse]) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		s.mu.Lock()
		s.batches++
		n := s.batches
		s.max = max(s.max, len(request.GetRecords()))
		s.mu.Unlock()
		if s.before != nil {
			if err := s.before(n); err != nil {
				return err
			}
		}
		result := &sealwatchv1.IngestResult{LastSequence: int64(n)}
		s.mu.Lock()
		for i, r := range request.GetRecords() {
			text := string(r.GetMonitorJson())
			switch {
			case strings.Contains(text, "bad"):
				result.Rejected++
				result.Rejections = append(result.Rejections, &sealwatchv1.RecordRejection{Index: int32(i), EventId: text, Field: "timestamp", Problem: "found nothing"})
			case s.stored[text] > 0:
				result.Duplicates++
			default:
				s.stored[text]++
				result.Accepted++
			}
		}
		s.mu.Unlock()
		if s.after != nil {
			if err := s.after(n); err != nil {
				return err
			}
		}
		if err := stream.Send(&sealwatchv1.IngestEventsResponse{BatchId: request.GetBatchId(), Result: result}); err != nil {
			return err
		}
	}
}

// start serves and returns a client.
func start(t *testing.T, s *service) sealwatchv1.IngestServiceClient {
	t.Helper()
	if s.stored == nil {
		s.stored = map[string]int{}
	}
	l := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	sealwatchv1.RegisterIngestServiceServer(server, s)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return l.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.Stop(); <-done })
	return sealwatchv1.NewIngestServiceClient(conn)
}

// count makes n records; every badEvery-th is one that the service refuses.
func count(n, badEvery int) func() (Record, error) {
	i := 0
	return func() (Record, error) {
		if i == n {
			return Record{}, io.EOF
		}
		i++
		text := fmt.Sprintf(`{"n":%d}`, i)
		if badEvery > 0 && i%badEvery == 0 {
			text = fmt.Sprintf(`{"bad":%d}`, i)
		}
		return Record{JSON: []byte(text), File: "f", Line: i, Index: i - 1}, nil
	}
}

func TestEverythingOnce(t *testing.T) {
	s := &service{}
	var listed []Rejection
	total, err := Run(t.Context(), count(25_500, 1000), Options{Client: start(t, s), Rejected: func(r Rejection) { listed = append(listed, r) }})
	if err != nil || total.Accepted != 25_475 || total.Rejected != 25 || total.Records() != 25_500 || total.Resent != 0 {
		t.Fatalf("%+v, %v", total, err)
	}
	if len(listed) != 25 || listed[1].Line != 2000 || listed[1].Index != 1999 || listed[1].Field != "timestamp" || listed[1].EventID != `{"bad":2000}` {
		t.Fatalf("rejections %+v", listed)
	}
	if s.max > maxRecords {
		t.Fatalf("a batch of %d", s.max)
	}
}

// TestBrokenStreams breaks streams before and after storing, at random, and expects everything to be stored once.
func TestBrokenStreams(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		breaks := func(int) error {
			mu.Lock()
			defer mu.Unlock()
			if r.IntN(9) > 0 {
				return nil
			}
			// The service names the pause, a short one, which keeps the test quick.
			down, err := status.New(codes.Unavailable, "down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)})
			if err != nil {
				return err
			}
			return down.Err()
		}
		s := &service{before: breaks, after: breaks}
		total, err := Run(t.Context(), count(20_000, 0), Options{Client: start(t, s), Window: 1 + r.IntN(8), FirstPatience: time.Minute})
		if err != nil || len(s.stored) != 20_000 || total.Records() != 20_000 {
			t.Fatalf("seed %d: %d stored, %+v, %v", seed, len(s.stored), total, err)
		}
		for k, n := range s.stored {
			if n != 1 {
				t.Fatalf("%s stored %d times", k, n)
			}
		}
	}
}

func TestRefusedForGood(t *testing.T) {
	s := &service{before: func(n int) error {
		if n == 2 {
			return status.Error(codes.InvalidArgument, "records: too odd")
		}
		return nil
	}}
	total, err := Run(t.Context(), count(3000, 0), Options{Client: start(t, s), Window: 1})
	if err == nil || !strings.Contains(err.Error(), "records 1001 to 2000 of f") || !strings.Contains(err.Error(), "too odd") {
		t.Fatalf("error %v", err)
	}
	if total.Accepted != 1000 {
		t.Fatalf("%+v", total)
	}
}

func TestPatienceEnds(t *testing.T) {
	s := &service{before: func(int) error { return status.Error(codes.Unavailable, "down") }}
	retries := 0
	_, err := Run(t.Context(), count(10, 0), Options{Client: start(t, s), Patience: 3 * time.Second,
		Retrying: func(error, time.Duration) { retries++ }})
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "nothing was acknowledged for 3s") {
		t.Fatalf("error %v", err)
	}
	if retries == 0 {
		t.Fatal("no second attempt")
	}
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("disk on fire")
	next := count(1500, 0)
	n := 0
	total, err := Run(t.Context(), func() (Record, error) {
		if n++; n > 1200 {
			return Record{}, broken
		}
		return next()
	}, Options{Client: start(t, &service{})})
	if !errors.Is(err, broken) || total.Accepted != 1200 {
		t.Fatalf("%+v, %v", total, err)
	}
}

func TestSizeIsChecked(t *testing.T) {
	records := []Record{{JSON: []byte("1")}, {JSON: make([]byte, maxRecordBytes+1), Index: 1}, {JSON: []byte("{}"), Index: 2}}
	var listed []Rejection
	total, err := Run(t.Context(), func() (Record, error) {
		if len(records) == 0 {
			return Record{}, io.EOF
		}
		r := records[0]
		records = records[1:]
		return r, nil
	}, Options{Client: start(t, &service{}), Rejected: func(r Rejection) { listed = append(listed, r) }})
	if err != nil || total.Rejected != 2 || total.Accepted != 1 || len(listed) != 2 {
		t.Fatalf("%+v, %v, %+v", total, err, listed)
	}
}

func TestLingeringRecordsGo(t *testing.T) {
	s := &service{}
	client := start(t, s)
	acknowledged := make(chan struct{})
	sent := false
	total, err := Run(t.Context(), func() (Record, error) {
		if !sent {
			sent = true
			return Record{JSON: []byte("{}")}, nil
		}
		<-acknowledged // only a batch that does not wait for more gets here
		return Record{}, io.EOF
	}, Options{Client: client, Linger: 10 * time.Millisecond, Acknowledged: func(Total) { close(acknowledged) }})
	if err != nil || total.Accepted != 1 {
		t.Fatalf("%+v, %v", total, err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	total, err := Run(ctx, count(1_000_000_000, 0), Options{Client: start(t, &service{}), Acknowledged: func(n Total) {
		if n.Accepted > 5000 {
			cancel(why)
		}
	}})
	if !errors.Is(err, why) || total.Accepted < 5000 {
		t.Fatalf("%+v, %v", total, err)
	}
}
