package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
)

func tokenOf(sequence uint64) string { return token.Log{Tenant: tenant}.Resume(sequence) }

func stopWithin(t *testing.T, h *harness, d time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return h.Stop(ctx)
}

// TestStopWithOpenStreams: every stream ends by itself, with a status that says to resume, and Stop waits for no time-out.
func TestStopWithOpenStreams(t *testing.T) {
	var log lines
	h := start(t, func(h *harness, o *server.Options) {
		h.ingester.gate = make(chan struct{})
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	alertStream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alertStream.Recv(); err != nil {
		t.Fatal(err)
	}
	ingest, err := pb.NewIngestServiceClient(h.conn).IngestEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ingest.Send(&pb.IngestEventsRequest{BatchId: "under way", Records: []*pb.IngestRecord{{
		Record: &pb.IngestRecord_MonitorJson{MonitorJson: []byte(`{"eventId":"x"}`)}}}}); err != nil {
		t.Fatal(err)
	}
	h.ingester.await(1)
	rest := openREST(t, h, "/v1/alerts:stream")

	stopped := make(chan error, 1)
	go func() { stopped <- stopWithin(t, h, time.Minute) }()
	_, err = alertStream.Recv()
	if s := status.Convert(err); s.Code() != codes.Unavailable || problem.Reason(s) != "SHUTTING_DOWN" || !strings.Contains(s.Proto().String(), tokenOf(4)) {
		t.Errorf("the alert stream ended with %v", s.Proto())
	}
	dec := json.NewDecoder(rest)
	var line struct{ Error *struct{ Message string } }
	for line.Error == nil {
		if err := dec.Decode(&line); err != nil {
			t.Fatalf("the REST stream ended with %v", err)
		}
	}
	if !strings.Contains(line.Error.Message, "resume") {
		t.Errorf("the REST stream ended with %q", line.Error.Message)
	}
	close(h.ingester.gate)
	if m, err := ingest.Recv(); err != nil || m.GetBatchId() != "under way" {
		t.Errorf("the batch under way was not acknowledged: %v, %v", m, err)
	}
	if _, err := ingest.Recv(); problem.Reason(status.Convert(err)) != "SHUTTING_DOWN" {
		t.Errorf("the ingest stream ended with %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	// A planned stop is one line, however many read.
	if text := log.String(); strings.Contains(text, "level=WARN") || strings.Count(text, "because the service stops") != 1 || !strings.Contains(text, "ended=3") {
		t.Errorf("the log of the stop:\n%s", text)
	}
}

// lines is a log that several write.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func openREST(t *testing.T, h *harness, path string) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Body
}

// TestStopIsBounded: a call that goes on is cut when the time is over.
func TestStopIsBounded(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) { h.ingester.gate = make(chan struct{}) })
	done := make(chan error, 1)
	go func() {
		_, err := pb.NewIngestServiceClient(h.conn).BatchIngestEvents(context.Background(), &pb.BatchIngestEventsRequest{
			Records: []*pb.IngestRecord{{Record: &pb.IngestRecord_MonitorJson{MonitorJson: []byte(`{"eventId":"x"}`)}}}})
		done <- err
	}()
	h.ingester.await(1)
	if err := stopWithin(t, h, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stop: %v, want the deadline", err)
	}
	if err := <-done; err == nil {
		t.Error("the call was not cut")
	}
}

func TestStopWithoutStart(t *testing.T) {
	h := &harness{ingester: &ingester{}, changes: newChanges(), system: knownStatus()}
	o := options(h)
	r := newRegistry()
	o.Registerer, o.Gatherer = r, r
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Addresses() != (server.Addresses{}) {
		t.Errorf("addresses before the start: %v", s.Addresses())
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReadiness(t *testing.T) {
	missing := make(chan []string, 1)
	missing <- []string{"the database does not answer"}
	h := start(t, func(_ *harness, o *server.Options) {
		o.ReadyInterval = time.Millisecond
		o.Ready = func(context.Context) []string { m := <-missing; missing <- m; return m }
	})
	code, _, body := h.do(t, http.MethodGet, "/readyz", "", nil)
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "the database does not answer") {
		t.Errorf("got %d %s", code, body)
	}
	if code, _, _ := h.do(t, http.MethodGet, "/healthz", "", nil); code != http.StatusOK {
		t.Errorf("a process that is not ready is not alive: %d", code)
	}
	health := healthpb.NewHealthClient(h.conn)
	for _, service := range []string{"", "sealwatch.v1.AlertService"} {
		if got := check(t, health, service); got != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("%q is %v", service, got)
		}
	}
	<-missing
	missing <- nil
	for check(t, health, "sealwatch.v1.AlertService") != healthpb.HealthCheckResponse_SERVING {
		time.Sleep(time.Millisecond)
	}
	if code, _, body := h.do(t, http.MethodGet, "/readyz", "", nil); code != http.StatusOK || body != "{\"ready\":true,\"missing\":[]}\n" {
		t.Errorf("got %d %s", code, body)
	}
}

func check(t *testing.T, c healthpb.HealthClient, service string) healthpb.HealthCheckResponse_ServingStatus {
	t.Helper()
	resp, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetStatus()
}

// TestStopWithAClientThatGoesOnSending: the stream ends although there is always another batch.
func TestStopWithAClientThatGoesOnSending(t *testing.T) {
	h := start(t, nil)
	stream, err := pb.NewIngestServiceClient(h.conn).IngestEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for {
			err := stream.Send(&pb.IngestEventsRequest{Records: []*pb.IngestRecord{{Record: &pb.IngestRecord_MonitorJson{MonitorJson: []byte(`{"a":1}`)}}}})
			if err != nil {
				return
			}
		}
	}()
	acknowledged := make(chan error, 1)
	first := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			if _, err := stream.Recv(); err != nil {
				acknowledged <- err
				return
			}
			if n == 0 {
				close(first)
			}
		}
	}()
	<-first
	if err := stopWithin(t, h, 20*time.Second); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := <-acknowledged; status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
	<-sent
}
