package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/validate"
)

const method = "/sealwatch.v1.EventService/ListEvents"

var (
	local    = &net.TCPAddr{IP: net.IPv6loopback, Port: 1}
	stranger = &net.TCPAddr{IP: net.IPv4(203, 0, 113, 9), Port: 1}
)

// fixture is a chain whose log and metrics can be looked at.
type fixture struct {
	*chain.Chain
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	v, err := validate.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	logger := slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f.Chain, err = chain.New(chain.Options{Logger: logger, Registerer: f.registry, Validator: v, CallTimeout: time.Minute,
		MaxCalls: 1, MaxStreams: 1})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// unary runs a call through the chain.
func (f *fixture) unary(ctx context.Context, from net.Addr, req any, h grpc.UnaryHandler) error {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: from})
	info := &grpc.UnaryServerInfo{FullMethod: method}
	for _, s := range slices.Backward(f.Steps) {
		h = func(next grpc.UnaryHandler) grpc.UnaryHandler {
			return func(ctx context.Context, req any) (any, error) { return s.Unary(ctx, req, info, next) }
		}(h)
	}
	_, err := h(ctx, req)
	return err
}

// stream runs a stream through the chain.
func (f *fixture) stream(ctx context.Context, from net.Addr, m any, h grpc.StreamHandler) error {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: from})
	info := &grpc.StreamServerInfo{FullMethod: method}
	for _, s := range slices.Backward(f.Steps) {
		h = func(next grpc.StreamHandler) grpc.StreamHandler {
			return func(srv any, ss grpc.ServerStream) error { return s.Stream(srv, ss, info, next) }
		}(h)
	}
	return h(nil, &fakeStream{ctx: ctx})
}

type fakeStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *fakeStream) Context() context.Context    { return s.ctx }
func (s *fakeStream) SetHeader(metadata.MD) error { return nil }
func (s *fakeStream) SetTrailer(metadata.MD)      {}
func (s *fakeStream) RecvMsg(any) error           { return nil }
func (f *fixture) lines(t *testing.T) (l []map[string]any) {
	t.Helper()
	for line := range strings.Lines(f.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		l = append(l, m)
	}
	return l
}

func TestOrder(t *testing.T) {
	want := []string{"request-id", "log", "metrics", "errors", "recovery", "limits", "authentication", "authorization", "validation"}
	var names []string
	for _, s := range newFixture(t).Steps {
		names = append(names, s.Name)
		if s.Unary == nil || s.Stream == nil {
			t.Errorf("step %s leaves out unary calls or streams", s.Name)
		}
		if s.HTTP == nil && s.Name != chain.StepErrors && s.Name != chain.StepValidation {
			t.Errorf("step %s leaves out HTTP", s.Name)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("order %q, want %q", names, want)
	}
}

// TestWhatEachSees holds the order to its reasons, whatever the steps are called.
func TestWhatEachSees(t *testing.T) {
	good, bad := &pb.ListEventsRequest{}, &pb.ListEventsRequest{PageSize: -1}
	tests := []struct {
		name    string
		from    net.Addr
		request *pb.ListEventsRequest
		handler func() error
		code    codes.Code
	}{
		{"good", local, good, func() error { return nil }, codes.OK},
		{"a stranger learns nothing of the schema", stranger, bad, func() error { return nil }, codes.PermissionDenied},
		{"invalid", local, bad, func() error { return nil }, codes.InvalidArgument},
		{"panic", local, good, func() error { panic("hunter2") }, codes.Internal},
		{"defect", local, good, func() error { return errors.New("hunter2") }, codes.Internal},
		{"fault", local, good, func() error { return fault.Unavailable(errors.New("hunter2")) }, codes.Unavailable},
	}
	for _, tt := range tests {
		for _, kind := range []string{"unary", "stream"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				f := newFixture(t)
				ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("x-request-id", "id-7"))
				var err error
				if kind == "unary" {
					err = f.unary(ctx, tt.from, tt.request, func(context.Context, any) (any, error) { return nil, tt.handler() })
				} else {
					err = f.stream(ctx, tt.from, tt.request, func(_ any, ss grpc.ServerStream) error {
						if err := ss.RecvMsg(tt.request); err != nil {
							return err
						}
						return tt.handler()
					})
				}
				s := status.Convert(err)
				if s.Code() != tt.code || strings.Contains(s.String(), "hunter2") {
					t.Errorf("got %v", s)
				}
				lines := f.lines(t)
				last := lines[len(lines)-1]
				if last["code"] != tt.code.String() || last["requestId"] != "id-7" || last["method"] != method {
					t.Errorf("the log says %v", last)
				}
				if n := value(t, f.registry, "grpc_server_handled_total", tt.code.String()); n != 1 {
					t.Errorf("the metrics have counted %v calls with %v, want 1", n, tt.code)
				}
			})
		}
	}
}

// value of a counter, of the series that has a label of that value; an empty label is any series.
func value(t *testing.T, r *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if label == "" {
				return m.GetCounter().GetValue()
			}
			for _, l := range m.GetLabel() {
				if l.GetValue() == label {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

func TestPanicIsCountedAndItsStackLogged(t *testing.T) {
	f := newFixture(t)
	err := f.unary(t.Context(), local, &pb.ListEventsRequest{}, func(context.Context, any) (any, error) { panic("boom") })
	if status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	if n := value(t, f.registry, "sealwatch_panics_total", ""); n != 1 {
		t.Errorf("%v panics were counted, want 1", n)
	}
	if first := f.lines(t)[0]; !strings.Contains(first["stack"].(string), "TestPanicIsCounted") {
		t.Errorf("the log has no stack: %v", first)
	}
}

func TestRequestID(t *testing.T) {
	for offered, taken := range map[string]bool{
		"abc-1.2_Z": true, "": false, strings.Repeat("a", 65): false, "a b": false, "a\nb": false, "ä": false,
	} {
		f := newFixture(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
		r.RemoteAddr = local.String()
		r.Header.Set("X-Request-Id", offered)
		w := httptest.NewRecorder()
		var seen string
		f.HTTP("/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = chain.RequestID(r.Context()) })).ServeHTTP(w, r)
		if got := w.Header().Get("X-Request-Id"); got == "" || got != seen || (got == offered) != taken {
			t.Errorf("offered %q: answered %q, seen %q", offered, got, seen)
		}
	}
}

func TestDeadline(t *testing.T) {
	f := newFixture(t)
	var got time.Time
	h := func(ctx context.Context, _ any) (any, error) { got, _ = ctx.Deadline(); return nil, nil }
	if err := f.unary(t.Context(), local, &pb.ListEventsRequest{}, h); err != nil || got.IsZero() {
		t.Errorf("no deadline was set: %v", err)
	}
	want := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), want)
	defer cancel()
	if err := f.unary(ctx, local, &pb.ListEventsRequest{}, h); err != nil || !got.Equal(want) {
		t.Errorf("the caller's deadline became %v: %v", got, err)
	}
}

func TestLimits(t *testing.T) {
	f := newFixture(t)
	inner := func(want codes.Code) grpc.UnaryHandler {
		return func(ctx context.Context, req any) (any, error) {
			err := f.unary(ctx, local, req, func(context.Context, any) (any, error) { return nil, nil })
			if s := status.Convert(err); s.Code() != want || want != codes.OK && problem.Reason(s) != "QUEUE_FULL" {
				t.Errorf("the second call got %v", s)
			}
			return nil, nil
		}
	}
	if err := f.unary(t.Context(), local, &pb.ListEventsRequest{}, inner(codes.ResourceExhausted)); err != nil {
		t.Error(err)
	}
	err := f.stream(t.Context(), local, nil, func(_ any, ss grpc.ServerStream) error {
		_, _ = inner(codes.OK)(ss.Context(), &pb.ListEventsRequest{})
		return f.stream(ss.Context(), local, nil, func(any, grpc.ServerStream) error { return nil })
	})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("the second stream got %v", err)
	}
}

func TestHTTPAccess(t *testing.T) {
	tests := []struct {
		name, host, remote string
		header             map[string]string
		code               int
	}{
		{"localhost", "localhost:1", "127.0.0.1:9", nil, 200},
		{"v4", "127.0.0.9", "127.0.0.1:9", nil, 200},
		{"v6", "[::1]:80", "[::1]:9", nil, 200},
		{"mapped", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:9", nil, 200},
		{"trailing dot", "LOCALHOST.", "127.0.0.1:9", nil, 200},
		{"rebinding", "evil.example", "127.0.0.1:9", nil, 403},
		{"address elsewhere", "203.0.113.9:80", "127.0.0.1:9", nil, 403},
		{"empty host", "", "127.0.0.1:9", nil, 403},
		{"localhost of another", "localhost.evil.example", "127.0.0.1:9", nil, 403},
		{"a peer elsewhere", "localhost", "203.0.113.9:9", nil, 403},
		{"same origin", "localhost:1", "127.0.0.1:9", map[string]string{"Origin": "http://localhost:1"}, 200},
		{"another origin", "localhost:1", "127.0.0.1:9", map[string]string{"Origin": "http://localhost:2"}, 403},
		{"another site", "localhost:1", "127.0.0.1:9", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"another port", "localhost:1", "127.0.0.1:9", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"the same site", "localhost:1", "127.0.0.1:9", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"no origin", "localhost:1", "127.0.0.1:9", map[string]string{"Origin": "null"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, method := range []string{http.MethodPost, http.MethodGet} { // of which one may be a stream
				r := httptest.NewRequestWithContext(t.Context(), method, "http://x/", nil)
				r.Host, r.RemoteAddr = tt.host, tt.remote
				for k, v := range tt.header {
					r.Header.Set(k, v)
				}
				w := httptest.NewRecorder()
				newFixture(t).HTTP("/", http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) {
					if got.Method != method {
						t.Errorf("a %s comes as %s", method, got.Method)
					}
				})).ServeHTTP(w, r)
				if w.Code != tt.code {
					t.Errorf("%s: got %d %s, want %d", method, w.Code, w.Body, tt.code)
				}
			}
		})
	}
}

// TestFollowedLink: a browser may follow a link from anywhere, but opens no stream by it.
func TestFollowedLink(t *testing.T) {
	for path, code := range map[string]int{"/v1/alerts": 200, "/v1/alerts:stream": 403} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
		r.RemoteAddr = local.String()
		for k, v := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		newFixture(t).HTTP("/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != code {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, code)
		}
	}
}

func TestHTTPPanic(t *testing.T) {
	request := func(h http.HandlerFunc) (f *fixture, w *httptest.ResponseRecorder, panicked any) {
		f, w = newFixture(t), httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/x", nil)
		r.RemoteAddr = local.String()
		defer func() { panicked = recover() }()
		f.HTTP("/x", h).ServeHTTP(w, r)
		return f, w, nil
	}
	_, w, p := request(func(http.ResponseWriter, *http.Request) { panic("hunter2") })
	if w.Code != http.StatusInternalServerError || p != nil || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("got %d %s, panic %v", w.Code, w.Body, p)
	}
	_, _, p = request(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half of an answer"))
		panic("boom")
	})
	if p != http.ErrAbortHandler {
		t.Errorf("an answer that had begun was not cut: %v", p)
	}
}

func TestTwoChainsOfOneRegistry(t *testing.T) {
	f := newFixture(t)
	v, err := validate.New()
	if err != nil {
		t.Fatal(err)
	}
	_, err = chain.New(chain.Options{Logger: slog.New(slog.DiscardHandler), Registerer: f.registry, Validator: v, MaxCalls: 1, MaxStreams: 1})
	if err == nil {
		t.Error("metrics registered twice gave no error")
	}
}
