package exportertest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// HTTPReceiver is a Receiver that speaks HTTPS on a loopback port. What a test sets in its place answers instead of it.
type HTTPReceiver struct {
	t       testing.TB
	take    func(w http.ResponseWriter, r *http.Request) []Delivery
	roots   *x509.CertPool
	caFile  string
	address string
	tls     *tls.Config
	raw     *TCPReceiver // faults below HTTP

	mu       sync.Mutex
	server   *httptest.Server
	answer   http.HandlerFunc
	received []Delivery
	requests int
}

// NewHTTPReceiver returns a receiver that works. Take reads a request, writes the answer and returns what it accepted; it MUST return
// nothing when it answers that it did not accept.
func NewHTTPReceiver(t testing.TB, take func(w http.ResponseWriter, r *http.Request) []Delivery) *HTTPReceiver {
	t.Helper()
	r := &HTTPReceiver{t: t, take: take, address: "127.0.0.1:0"}
	r.start()
	r.roots = x509.NewCertPool()
	r.roots.AddCert(r.server.Certificate())
	r.caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(r.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// Address implements Receiver: HOST:PORT.
func (r *HTTPReceiver) Address() string { return r.address }

// URL of the receiver, without a path.
func (r *HTTPReceiver) URL() string { return "https://" + r.address }

// Roots trust the receiver.
func (r *HTTPReceiver) Roots() *x509.CertPool { return r.roots }

// CAFile holds in PEM what Roots holds.
func (r *HTTPReceiver) CAFile() string { return r.caFile }

// Answer lets f answer in the place of the receiver; nil ends that.
func (r *HTTPReceiver) Answer(f http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// Requests that have come to HTTP.
func (r *HTTPReceiver) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// Received implements Receiver: everything that was accepted.
func (r *HTTPReceiver) Received() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.received...)
}

// Behave implements Receiver. HalfClose accepts a request and ends its own direction instead of answering.
func (r *HTTPReceiver) Behave(f Fault) {
	r.Close()
	r.Answer(nil)
	switch f {
	case Refuse:
	case AcceptAndClose, Stall:
		r.raw = &TCPReceiver{t: r.t, address: r.address, conns: map[net.Conn]struct{}{},
			decode: func(s io.Reader, _ func(Delivery)) error { _, _ = io.Copy(io.Discard, s); return nil }}
		r.raw.listen(f)
	case HalfClose:
		r.Answer(r.AcceptSilently)
		r.start()
	default:
		r.start()
	}
}

// AcceptSilently accepts a request and ends its own direction instead of answering, so that the sender cannot know.
func (r *HTTPReceiver) AcceptSilently(w http.ResponseWriter, q *http.Request) {
	r.accept(httptest.NewRecorder(), q)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		r.t.Errorf("hijacking a connection: %v", err)
		return
	}
	defer func() { _ = conn.Close() }()
	if c, ok := conn.(*tls.Conn); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, conn)
}

// Accept is what the receiver does when nothing answers in its place.
func (r *HTTPReceiver) Accept(w http.ResponseWriter, q *http.Request) { r.accept(w, q) }

func (r *HTTPReceiver) accept(w http.ResponseWriter, q *http.Request) {
	got := r.take(w, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, got...)
}

// Close implements Receiver.
func (r *HTTPReceiver) Close() {
	r.mu.Lock()
	s := r.server
	r.server = nil
	r.mu.Unlock()
	if s != nil {
		s.CloseClientConnections()
		s.Close()
	}
	if r.raw != nil {
		r.raw.Close()
		r.raw = nil
	}
}

func (r *HTTPReceiver) start() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatalf("listening: %v", err)
	}
	r.address = l.Addr().String()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		r.requests++
		answer := r.answer
		r.mu.Unlock()
		if answer == nil {
			answer = r.Accept
		}
		answer(w, q)
	}))
	_ = s.Listener.Close()
	s.Listener = l
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // connections are broken on purpose
	if r.tls != nil {
		s.TLS = r.tls.Clone()
	}
	s.StartTLS()
	r.mu.Lock()
	r.server = s
	r.mu.Unlock()
}
