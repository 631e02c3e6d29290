// Package splunktest is an HTTP Event Collector in the process, as strict as Splunk's: with its reply codes, its silent losses and
// its acknowledgements, and with faults that a test chooses.
package splunktest

import (
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// Token that the server takes from the start.
const Token = "5f1c2a77-90de-4b1c-8a54-3f0e6d9b2c18"

// Event is one that the server indexed.
type Event struct {
	Time       json.RawMessage            `json:"time"`
	Host       string                     `json:"host"`
	Source     string                     `json:"source"`
	Sourcetype string                     `json:"sourcetype"`
	Index      string                     `json:"index"`
	Fields     map[string]any             `json:"fields"`
	Event      map[string]json.RawMessage `json:"-"`
	Raw        json.RawMessage            `json:"event"`
}

// Reply is an answer in place of the one that would come.
type Reply struct {
	Status int
	Header http.Header
	// Body is written as it is.
	Body string
	// Take is how many events are indexed first; -1 takes all.
	Take int
	// Hang up in place of an answer.
	HangUp bool
}

// Code is the reply of HEC with a code; number is its invalid-event-number, none when negative.
func Code(status, code, number int) Reply {
	body := fmt.Sprintf(`{"text":"words for %d","code":%d}`, code, code)
	if number >= 0 {
		body = fmt.Sprintf(`{"text":"words for %d","code":%d,"invalid-event-number":%d}`, code, code, number)
	}
	return Reply{Status: status, Body: body, Take: max(number, 0)}
}

// Server is the collector. Its fields are changed under Change.
type Server struct {
	*httptest.Server
	mu sync.Mutex

	// Tokens that are valid, with whether they are enabled.
	Tokens map[string]bool
	// Indexes that the token may write to.
	Indexes map[string]bool
	// MaxBytes of a request, before compression.
	MaxBytes int
	// Ack says that the token has indexer acknowledgement. Unacknowledged is how many of the next acknowledgements never come.
	Ack            bool
	Unacknowledged int
	// DropAckReplies is how many of the next answers about acknowledgements get lost on the way, after the server forgot the ids.
	DropAckReplies int
	// Refuse says with which code an event is refused because of what it says, 0 when it is not; nil refuses none.
	Refuse func(e Event) int
	// Cookie is what a client has to send back to reach the same indexer; empty for none.
	Cookie string

	faults    []Reply
	ackFaults []Reply
	events    []Event
	requests  []Request
	polls     int
	channels  map[string]map[uint64]bool // by channel: the ids, and whether they are acknowledged
	next      map[string]uint64
}

// Request is one with events that came.
type Request struct {
	Channel string
	Gzip    bool
	// Bytes before compression, and Events in it.
	Bytes, Events int
	Status        int
}

// New returns a server that works. It listens with TLS.
func New(t testing.TB) *Server {
	t.Helper()
	s := NewHandler()
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// NewHandler returns one that works and does not listen.
func NewHandler() *Server {
	return &Server{Tokens: map[string]bool{Token: true}, Indexes: map[string]bool{"main": true}, MaxBytes: 1_000_000,
		channels: map[string]map[uint64]bool{}, next: map[string]uint64{}}
}

// CAFile writes the server's certificate into a file.
func (s *Server) CAFile(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Change runs f while no request is served.
func (s *Server) Change(f func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Fail answers the next requests with events so, one each.
func (s *Server) Fail(replies ...Reply) {
	s.Change(func(s *Server) { s.faults = append(s.faults, replies...) })
}

// FailAcks answers the next questions for acknowledgements so, one each.
func (s *Server) FailAcks(replies ...Reply) {
	s.Change(func(s *Server) { s.ackFaults = append(s.ackFaults, replies...) })
}

// Events are all that were indexed, in order.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Event(nil), s.events...)
}

// Requests are all with events that came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Polls is how often acknowledgements were asked for.
func (s *Server) Polls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r) }

// Serve answers a request and returns what was indexed because of it.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) (indexed []Event) {
	body, err := io.ReadAll(r.Body) // before anything is kept: a request that breaks off is none
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.events)
	defer func() { indexed = append(indexed, s.events[before:]...) }()
	if s.Cookie != "" {
		http.SetCookie(w, &http.Cookie{Name: "indexer", Value: s.Cookie, Path: "/"})
	}
	switch path := strings.TrimSuffix(r.URL.Path, "/1.0"); {
	case path == "/services/collector/health":
		say(w, http.StatusOK, "HEC is healthy", 17, nil)
	case r.Method != http.MethodPost:
		html(w, http.StatusMethodNotAllowed)
	case path == "/services/collector/event", path == "/services/collector":
		s.takeEvents(w, r, body)
	case path == "/services/collector/ack":
		s.sayAcks(w, r, body)
	default:
		html(w, http.StatusNotFound)
	}
	return nil
}

// authorized answers those that may not.
func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	header := r.Header.Get("Authorization")
	kind, token, found := strings.Cut(header, " ")
	enabled, known := s.Tokens[token]
	switch {
	case r.URL.Query().Has("token"):
		say(w, http.StatusBadRequest, "Query string authorization is not enabled", 16, nil)
	case header == "":
		say(w, http.StatusUnauthorized, "Token is required", 2, nil)
	case !found || kind != "Splunk":
		say(w, http.StatusUnauthorized, "Invalid authorization", 3, nil)
	case !known:
		say(w, http.StatusForbidden, "Invalid token", 4, nil)
	case !enabled:
		say(w, http.StatusForbidden, "Token disabled", 1, nil)
	default:
		return true
	}
	return false
}

// channel answers those that need one and have none.
func (s *Server) channel(w http.ResponseWriter, r *http.Request) (string, bool) {
	name := r.Header.Get("X-Splunk-Request-Channel")
	if name == "" {
		name = r.URL.Query().Get("channel")
	}
	if name == "" && s.Ack {
		say(w, http.StatusBadRequest, "Data channel is missing", 10, nil)
		return "", false
	}
	if name != "" && uuid.Validate(name) != nil {
		say(w, http.StatusBadRequest, "Invalid data channel", 11, nil)
		return "", false
	}
	return name, true
}

// inflate undoes the compression.
func inflate(r *http.Request, body []byte) (plain []byte, status int) {
	switch r.Header.Get("Content-Encoding") {
	case "":
		return body, 0
	case "gzip":
		z, err := gzip.NewReader(strings.NewReader(string(body)))
		if err != nil {
			return nil, http.StatusBadRequest
		}
		plain, err = io.ReadAll(z)
		if err != nil {
			return nil, http.StatusBadRequest
		}
		return plain, 0
	}
	return nil, http.StatusUnsupportedMediaType
}

// say answers as HEC does.
func say(w http.ResponseWriter, status int, text string, code int, more map[string]any) {
	body := map[string]any{"text": text, "code": code}
	for k, v := range more {
		body[k] = v
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// html answers as the web server in front of HEC does.
func html(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html><html><head><title>%d</title></head><body><p>%s</p></body></html>", status, http.StatusText(status))
}
