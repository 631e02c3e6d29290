package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sealwatch/sealwatch"
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server"
)

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

func TestLoopbackOnly(t *testing.T) {
	tests := map[string]string{
		"127.0.0.1:0": "", "[::1]:0": "", "localhost:0": "", "127.9.9.9:0": "", "[::ffff:127.0.0.1]:0": "",
		"0.0.0.0:7400": "no TLS and no authentication", ":7400": "every address", "[::]:7400": "no TLS and no authentication",
		"192.0.2.1:7400": "192.0.2.1", "unix:/run/x": "port", "127.0.0.1": "expected HOST:PORT", "127.0.0.1:http": "port",
		"127.0.0.1:70000": "port", "no.such.host.invalid:1": "resolved", "": "expected HOST:PORT",
	}
	for addr, want := range tests {
		for _, option := range []string{"grpcAddr", "httpAddr"} {
			h := &harness{ingester: &ingester{}, changes: newChanges(), system: knownStatus()}
			o := options(h)
			r := newRegistry()
			o.Registerer, o.Gatherer = r, r
			if option == "grpcAddr" {
				o.GRPCAddr = addr
			} else {
				o.HTTPAddr = addr
			}
			s, err := server.New(o)
			if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), option)) {
				t.Errorf("%s %q: got %v, want %q", option, addr, err, want)
			}
			if err == nil {
				if err := s.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := server.New(server.Options{MaxMessageBytes: -1})
	for _, want := range []string{"Services.Ingester", "Services.Watermark", "Origin.Tenant", "Logger", "MaxMessageBytes is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestPortIsTaken(t *testing.T) {
	first := start(t, nil)
	h := &harness{ingester: &ingester{}, changes: newChanges(), system: knownStatus()}
	o := options(h)
	r := newRegistry()
	o.Registerer, o.Gatherer, o.HTTPAddr = r, r, first.Addresses().HTTP
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "httpAddr") {
		t.Errorf("got %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOpenAPI holds the document to what is served.
func TestOpenAPI(t *testing.T) {
	h := start(t, nil)
	code, _, body := h.do(t, http.MethodGet, "/openapi.json", "", nil)
	var document struct {
		Swagger, Host string
		Info          struct{ Title, Version string }
		Schemes       []string
		Paths         map[string]map[string]any
		Definitions   map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil || code != http.StatusOK {
		t.Fatalf("got %d, %v", code, err)
	}
	if document.Swagger != "2.0" || document.Host != h.Addresses().HTTP || document.Info.Version != "0.1.0" || document.Schemes[0] != "http" {
		t.Errorf("got %+v %s %v", document.Info, document.Host, document.Schemes)
	}
	fields := (&pb.MonitorImportResponse{}).ProtoReflect().Descriptor().Fields()
	described := document.Definitions["MonitorImportResponse"].Properties
	for i := range fields.Len() {
		if name := fields.Get(i).JSONName(); described[name] == nil {
			t.Errorf("MonitorImportResponse.%s is not described", name)
		}
	}
	if len(described) != fields.Len() {
		t.Errorf("MonitorImportResponse is described with %d fields, it has %d", len(described), fields.Len())
	}
	for _, reference := range regexp.MustCompile(`#/definitions/(\w+)`).FindAllStringSubmatch(body, -1) {
		if _, ok := document.Definitions[reference[1]]; !ok {
			t.Errorf("there is no definition %s", reference[1])
		}
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for path, methods := range document.Paths {
		for method := range methods {
			if method == "parameters" || strings.HasSuffix(path, ":stream") {
				continue
			}
			code, _, answer := h.do(t, strings.ToUpper(method), parameter.ReplaceAllString(path, "x"), "", nil)
			if strings.Contains(answer, "there is no /") || code == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is described and not served: %d %s", method, path, code, answer)
			}
		}
	}
	// Every HTTP rule is described: as many operations as there are rpcs, the import, and the two addresses of Connect.
	rpcs := 0
	for _, f := range []protoreflect.FileDescriptor{
		pb.File_sealwatch_v1_ingest_service_proto, pb.File_sealwatch_v1_event_service_proto, pb.File_sealwatch_v1_alert_service_proto,
		pb.File_sealwatch_v1_detection_service_proto, pb.File_sealwatch_v1_system_service_proto, pb.File_sealwatch_v1_ip_range_service_proto,
		pb.File_sealwatch_v1_directory_service_proto, pb.File_sealwatch_v1_exception_service_proto, pb.File_sealwatch_v1_feed_service_proto,
		pb.File_sealwatch_v1_incident_service_proto, pb.File_sealwatch_v1_timeline_service_proto, pb.File_sealwatch_v1_destination_service_proto, pb.File_sealwatch_v1_hunt_service_proto, pb.File_sealwatch_v1_policy_service_proto,
	} {
		rpcs += f.Services().Get(0).Methods().Len()
	}
	if got := strings.Count(body, `"operationId"`); got != rpcs+3 {
		t.Errorf("%d operations are described, want %d", got, rpcs+3)
	}
}

func TestOpenAPIIsChecked(t *testing.T) {
	for _, document := range []string{"", "[]", "{}"} {
		h := &harness{ingester: &ingester{}, changes: newChanges(), system: knownStatus()}
		o := options(h)
		r := newRegistry()
		o.Registerer, o.Gatherer, o.OpenAPI = r, r, []byte(document)
		if _, err := server.New(o); err == nil || !strings.Contains(err.Error(), "OpenAPI") {
			t.Errorf("%q: got %v", document, err)
		}
	}
	if !json.Valid(sealwatch.OpenAPI) {
		t.Error("the generated document is no JSON")
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := start(t, nil)
	for _, path := range []string{"/v1/alerts", "/v1/nothing", "/", "/openapi.json", "/metrics", "/healthz"} {
		_, header, _ := h.do(t, http.MethodGet, path, "", http.Header{"X-Request-Id": {"id-9"}})
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
			"Cache-Control": "no-store", "X-Request-Id": "id-9",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for name := range header {
			if strings.HasPrefix(name, "Grpc-") || strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: the answer has %s", path, name)
			}
		}
	}
}

func TestMetricsAreServed(t *testing.T) {
	h := start(t, nil)
	h.do(t, http.MethodGet, "/v1/status", "", nil)
	_, _, body := h.do(t, http.MethodGet, "/metrics", "", nil)
	for _, want := range []string{
		`grpc_server_handled_total{grpc_code="OK",grpc_method="GetStatus",grpc_service="sealwatch.v1.SystemService",grpc_type="unary"} 1`,
		`sealwatch_http_requests_total{code="200",route="/v1/"} 1`, "sealwatch_panics_total 0",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestLog: a call leaves one line with the request id, an error its cause, and nobody's data is in it.
func TestLog(t *testing.T) {
	var log syncBuffer
	h := start(t, func(_ *harness, o *server.Options) { o.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
	h.do(t, http.MethodGet, "/v1/events/e1", "", http.Header{"X-Request-Id": {"read"}})
	h.do(t, http.MethodPost, "/v1/events:batchIngest", batchOf(typedRecord("down")), http.Header{"X-Request-Id": {"down"}})
	h.do(t, http.MethodPost, "/v1/monitor:import", `{"eventId":"defect","userName":"Ada"}`, http.Header{"X-Request-Id": {"import"}})
	h.do(t, http.MethodGet, "/healthz", "", http.Header{"X-Request-Id": {"probe"}})
	text := log.String()
	for id, want := range map[string]int{"read": 1, "down": 1, "import": 1, "probe": 0} {
		if got := strings.Count(text, `"requestId":"`+id+`"`); got != want {
			t.Errorf("%d lines for the request %s, want %d", got, id, want)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, `"down"`) && !(strings.Contains(line, "dial tcp") && strings.Contains(line, `"level":"WARN"`)) ||
			strings.Contains(line, `"import"`) && !(strings.Contains(line, "a defect") && strings.Contains(line, `"level":"ERROR"`)) {
			t.Errorf("the cause is not in the log: %s", line)
		}
	}
	for _, private := range []string{"ada@example.com", "Ada", "203.0.113.7"} {
		if strings.Contains(text, private) {
			t.Errorf("the log has %q: %s", private, text)
		}
	}
}
