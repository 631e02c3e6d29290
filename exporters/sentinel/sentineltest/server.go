// Package sentineltest is Entra ID and the Logs Ingestion API of Azure Monitor in the process: as strict about requests as they are, with
// the losses of which Azure says nothing, and with faults that a test chooses.
package sentineltest

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// RuleID is the immutable id of the data collection rule.
const RuleID = "dcr-0123456789abcdef0123456789abcdef"

// Fault is an answer in place of the one that would come.
type Fault struct {
	Status     int
	Code       string // of the error in the body; the body is a page when empty
	Words      string
	RetryAfter string
	// Take has the rows taken first, so that the answer is a lie, or lost.
	Take bool
	// Delay before the answer.
	Delay time.Duration
	// HangUp breaks the connection in place of an answer.
	HangUp bool
}

func (f Fault) write(w http.ResponseWriter) {
	if f.HangUp {
		panic(http.ErrAbortHandler) //nolint:forbidigo // the way to break a connection that may be HTTP/2
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Code == "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, "<html>"+f.Words+"</html>")
		return
	}
	writeJSON(w, f.Status, map[string]any{"error": map[string]string{"code": f.Code, "message": f.Words}})
}

// EntraFault is an answer of Entra ID in place of the one that would come.
type EntraFault struct {
	Status           int
	Body, RetryAfter string
	HangUp           bool
}

// Request is one to the rule that came.
type Request struct {
	ClientRequestID, RequestID string
	Gzip                       bool
	Bytes                      int64
	Uncompressed, Rows, Status int
}

// Server is both services at one address. Its fields are changed under Change.
type Server struct {
	*httptest.Server
	mu sync.Mutex

	// Streams that the rule declares: by name, the columns with their types.
	Streams map[string]map[string]string
	// Secret of the application, and one that it had.
	Secret, Expired string
	// Certificate that the application may sign with.
	Certificate *x509.Certificate
	// Federated says that the identity trusts the token of the workload.
	Federated bool
	// NoRole says that the identity has no role on the rule.
	NoRole bool
	// MaxBytes of a request, before and after compression.
	MaxBytes int
	// Refuse says which rows are never taken; nil takes all.
	Refuse func(row map[string]any) bool
	// Now is when rows come. Tokens live by the time of the machine, as MSAL sees them.
	Now func() time.Time

	tokens        map[string]time.Time
	tokenRequests int
	faults        []Fault
	entraFaults   []EntraFault
	rows          []Row
	losses        []string
	requests      []Request
}

// New returns a server that works, with TLS. A test fails when Azure would lose something of what it was sent.
func New(t testing.TB, streams map[string]map[string]string) *Server {
	t.Helper()
	s := NewHandler(streams)
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(func() {
		s.Close()
		for _, l := range s.Losses() {
			t.Errorf("Azure would lose: %s", l)
		}
	})
	return s
}

// NewHandler returns one that works and does not listen.
func NewHandler(streams map[string]map[string]string) *Server {
	return &Server{Streams: streams, Secret: Secret, MaxBytes: mostBytes, Now: time.Now, tokens: map[string]time.Time{}}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/dataCollectionRules/") {
		s.Serve(w, r)
		return
	}
	s.serveEntra(w, r)
}

// Change runs f while no request is served.
func (s *Server) Change(f func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Fail answers the next requests to the rule so, one each.
func (s *Server) Fail(faults ...Fault) {
	s.Change(func(s *Server) { s.faults = append(s.faults, faults...) })
}

// FailToken answers the next requests for a token so, one each.
func (s *Server) FailToken(faults ...EntraFault) {
	s.Change(func(s *Server) { s.entraFaults = append(s.entraFaults, faults...) })
}

// Revoke makes all tokens worthless.
func (s *Server) Revoke() { s.Change(func(s *Server) { clear(s.tokens) }) }

// Rows are all that were taken, in order.
func (s *Server) Rows() []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Row(nil), s.rows...)
}

// Requests are all to the rule that came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// TokenRequests is how often a token was asked for.
func (s *Server) TokenRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokenRequests
}

// Losses are what Azure would have dropped, cut or replaced without a word.
func (s *Server) Losses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.losses...)
}

// Forgive forgets the losses, and returns them.
func (s *Server) Forgive() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	losses := s.losses
	s.losses = nil
	return losses
}

// Roots trust the server.
func (s *Server) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.Server.Certificate())
	return roots
}

// SecretFile writes the application's secret into a file.
func SecretFile(t testing.TB, secret string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
