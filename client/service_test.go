package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
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
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a service in memory whose log has n changes. Its tokens are numbers.
type service struct {
	sealwatchv1.UnimplementedAlertServiceServer
	n int
	// acts are what the streams do, one after the other; those behind the last send all and wait.
	acts []act

	mu       sync.Mutex
	requests []*sealwatchv1.StreamAlertsRequest
}

// act is what a stream does.
type act struct {
	// send is how many changes it sends, then it ends with err.
	send int
	err  error
	// back is how many changes before the asked one it begins, as a service that repeats itself.
	back int
	// miss is how many changes it passes over when it has sent, which it says.
	miss int
	// end ends it without an error.
	end bool
	// silent sends nothing.
	silent bool
}

var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func (s *service) StreamAlerts(r *sealwatchv1.StreamAlertsRequest, stream grpc.ServerStreamingServer[sealwatchv1.StreamAlertsResponse]) error {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	a := act{send: s.n}
	if len(s.acts) > 0 {
		a, s.acts = s.acts[0], s.acts[1:]
	}
	s.mu.Unlock()
	if a.silent {
		<-stream.Context().Done()
		return nil
	}
	position, _ := strconv.Atoi(r.GetAfter())
	if a.err != nil && a.send == 0 && a.miss == 0 {
		return a.err
	}
	if err := stream.Send(&sealwatchv1.StreamAlertsResponse{Change: sealwatchv1.AlertChange_ALERT_CHANGE_HEARTBEAT, ResumeToken: strconv.Itoa(position), Watermark: timestamppb.New(epoch)}); err != nil {
		return err
	}
	position = max(0, position-a.back)
	for range a.send {
		if position == s.n {
			break
		}
		position++
		if err := stream.Send(&sealwatchv1.StreamAlertsResponse{Change: sealwatchv1.AlertChange_ALERT_CHANGE_CREATED, ResumeToken: strconv.Itoa(position),
			Alert: &sealwatchv1.Alert{Name: fmt.Sprintf("alerts/%032x", position), Title: fmt.Sprintf("alert %d", position), Sequence: int64(position)}}); err != nil {
			return err
		}
	}
	if a.miss > 0 {
		span := &sealwatchv1.MissedChanges{After: strconv.Itoa(position), Until: strconv.Itoa(position + a.miss), Count: int32(a.miss)}
		if err := stream.Send(&sealwatchv1.StreamAlertsResponse{Change: sealwatchv1.AlertChange_ALERT_CHANGE_MISSED, ResumeToken: span.GetUntil(), Missed: span}); err != nil {
			return err
		}
	}
	if a.err != nil || a.end {
		return a.err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// after are the tokens that streams began with.
func (s *service) after() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		list = append(list, r.GetAfter())
	}
	return list
}

// serve makes a client of the service.
func serve(t testing.TB, s *service) *client.Client {
	t.Helper()
	c, stop, err := s.serve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// serve makes a client of the service, and what ends both.
func (s *service) serve() (c *client.Client, stop func() error, err error) {
	listener, server := bufconn.Listen(1<<20), grpc.NewServer()
	sealwatchv1.RegisterAlertServiceServer(server, s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	c, err = client.Dial("localhost:1", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	return c, func() error {
		closed := c.Close()
		server.Stop()
		return errors.Join(closed, <-done)
	}, err
}

// refusal is an error of the service.
func refusal(code codes.Code, reason string, metadata map[string]string, details ...protoadapt.MessageV1) error {
	s, err := status.New(code, "refused").WithDetails(append(details, &errdetails.ErrorInfo{Reason: reason, Domain: "sealwatch.io", Metadata: metadata})...)
	if err != nil {
		panic(err)
	}
	return s.Err()
}
