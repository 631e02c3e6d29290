package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sealwatch/sealwatch"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/server"
)

func TestMain(m *testing.M) {
	server.LogGRPC(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// harness is a running server on fakes.
type harness struct {
	*server.Server
	ingester *ingester
	changes  *changes
	system   *system
	registry *prometheus.Registry
	conn     *grpc.ClientConn
	client   *http.Client
	base     string
}

func options(h *harness) server.Options {
	return server.Options{
		GRPCAddr: "127.0.0.1:0", HTTPAddr: "localhost:0",
		Services: server.Services{
			Ingester: h.ingester, Splitter: split, Events: storedEvents(), Alerts: storedAlerts(), Changes: h.changes, Desk: &desk{alerts: storedAlerts()}, Incidents: storedIncidents(), Timelines: timelines{},
			Detections: knownDetections(), Backtester: backtester{}, Reevaluator: reevaluator{}, Exceptions: &exceptionBook{}, Hunter: newHunter(), Policies: storedPolicies(), Status: h.system, Inputs: inputs{}, People: &people{}, Addresses: &addresses{}, Feeds: heldFeed(), Destinations: storedDestinations(), Watermark: func() time.Time { return epoch },
		},
		Origin:       event.Origin{Tenant: tenant, Source: "api", Trust: 1},
		ImportOrigin: event.Origin{Tenant: tenant, Source: "import", Trust: 2},
		OpenAPI:      sealwatch.OpenAPI, Version: "0.1.0", Logger: slog.New(slog.DiscardHandler),
		Registerer: h.registry, Gatherer: h.registry, Now: func() time.Time { return epoch },
		MaxMessageBytes: 1 << 20, MaxImportBytes: 8 << 20,
	}
}

// start runs a server until the test ends; change adjusts its options and fakes.
func start(t testing.TB, change func(*harness, *server.Options)) *harness {
	t.Helper()
	h := &harness{ingester: &ingester{known: map[string]string{}}, changes: storedChanges(), system: knownStatus(),
		registry: prometheus.NewRegistry(), client: &http.Client{Transport: &http.Transport{}}}
	o := options(h)
	if change != nil {
		change(h, &o)
	}
	var err error
	if h.Server, err = server.New(o); err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.base = "http://" + h.Addresses().HTTP
	if h.conn, err = grpc.NewClient(h.Addresses().GRPC, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		if err := h.conn.Close(); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		select {
		case err := <-h.Failures():
			t.Errorf("the server failed: %v", err)
		default:
		}
	})
	return h
}

// do makes one REST request and reads the answer to its end.
func (h *harness) do(t testing.TB, method, path, body string, header http.Header) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}
