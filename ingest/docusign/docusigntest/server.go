package docusigntest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// What a Server knows from the start.
const (
	IntegrationKey = "7b1f0a52-0c4e-4e0b-9a3e-5d1c2f9b8a01"
	UserID         = "2f6c9a10-8d2b-4c55-b1de-9f0a7c3e4b02"
	OrganizationID = "c4d8e6f2-1a3b-4f7c-8e9d-0b2a4c6e8f03"
)

// Paths of the services, for Fail and Calls.
const (
	PathToken         = "/oauth/token"
	PathOrganizations = "/management/v2/organizations"
	PathV2            = "/api/v2.0/datasets/monitor/stream"
	PathV3            = "/v1/organizations/" + OrganizationID + "/stream"
)

// Call is one call that came.
type Call struct {
	Path, Cursor string
	Limit        int
	At           time.Time
	Status       int
}

// Server is DocuSign. Its fields are set before it is called, or under Change.
type Server struct {
	*httptest.Server
	Key *rsa.PrivateKey

	mu sync.Mutex
	// Now is DocuSign's clock.
	Now func() time.Time
	// Audience that an assertion names.
	Audience string
	// Public verifies assertions.
	Public *rsa.PublicKey
	// Consents are the scopes that the user has given consent to.
	Consents map[string]bool
	// TokenLife is how long a token holds.
	TokenLife time.Duration
	// Organizations that the user administers.
	Organizations []docusign.Organization
	// Entitled says whether the organisation has Monitor; SilentRefusal leaves the body of a refusal empty.
	Entitled, SilentRefusal bool
	// Limit is the hourly budget; 0 sends no header and counts nothing. Burst is the budget of 30 seconds, in the headers alone.
	Limit, Burst int
	// PageRecords is the most records of a page, whatever is asked for.
	PageRecords int

	// Accounts that the user is a member of, and what they hold.
	Accounts []*Account
	// Domains and IdentityProviders of the organisation, in DocuSign's shapes.
	Domains, IdentityProviders []map[string]any

	items      []item
	generation int
	tokens     map[string]time.Time
	minted     int
	faults     map[string][]Fault
	calls      []Call
	hour       time.Time
	used       int
	last       []byte
}

// New starts a Server over TLS; it ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Key: key, Public: &key.PublicKey, Now: time.Now, Audience: "account-d.docusign.com", TokenLife: time.Hour,
		Consents:      map[string]bool{"signature": true, "impersonation": true, "organization_read": true, "user_read": true, "domain_read": true, "identity_provider_read": true},
		Organizations: []docusign.Organization{{ID: OrganizationID, Name: "Example"}}, Entitled: true,
		Limit: 3000, Burst: 200, PageRecords: 2000, tokens: map[string]time.Time{}, faults: map[string][]Fault{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathToken, s.token)
	mux.HandleFunc("GET "+PathOrganizations, s.authorized(s.organizations))
	mux.HandleFunc("GET "+PathV2, s.authorized(s.stream("data")))
	mux.HandleFunc("GET /v1/organizations/{organization}/stream", s.authorized(s.stream("resultData")))
	s.accounts(mux)
	s.Server = httptest.NewTLSServer(s.headers(mux))
	t.Cleanup(s.Close)
	return s
}

// Environment is the demo environment at this server.
func (s *Server) Environment(t testing.TB) docusign.Environment {
	t.Helper()
	e, err := docusign.EnvironmentOf(docusign.Demo)
	if err == nil {
		e, err = e.At(s.URL)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// KeyFile writes the private key as PKCS#1 and returns the name of the file.
func (s *Server) KeyFile(t testing.TB) string {
	t.Helper()
	return write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.Key)}))
}

// CAFile writes the certificate of the server and returns the name of the file.
func (s *Server) CAFile(t testing.TB) string {
	t.Helper()
	return write(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Change changes the server while it may be called.
func (s *Server) Change(f func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Calls are those that came to a path, in order; to any when it is empty.
func (s *Server) Calls(path string) (all []Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if path == "" || c.Path == path {
			all = append(all, c)
		}
	}
	return all
}

// headers counts the call, plays the next fault of the path, and adds what every answer has.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		now := s.Now()
		n := len(s.calls)
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		s.calls = append(s.calls, Call{Path: r.URL.Path, Cursor: r.URL.Query().Get("cursor"), Limit: limit, At: now})
		var fault Fault
		if waiting := s.faults[r.URL.Path]; len(waiting) > 0 {
			fault, s.faults[r.URL.Path] = waiting[0], waiting[1:]
		}
		over := false
		if s.Limit > 0 && r.URL.Path != PathToken {
			if !now.Before(s.hour.Add(time.Hour)) {
				s.hour, s.used = now.Truncate(time.Hour), 0
			}
			s.used++
			over = s.used > s.Limit
			w.Header().Set("X-RateLimit-Limit", strconv.Itoa(s.Limit))
			w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.Limit-s.used)))
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.hour.Add(time.Hour).Unix(), 10))
			w.Header().Set("X-BurstLimit-Limit", strconv.Itoa(s.Burst))
			w.Header().Set("X-BurstLimit-Remaining", strconv.Itoa(s.Burst-1))
		}
		s.mu.Unlock()
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.Header().Set("X-DocuSign-TraceToken", fmt.Sprintf("trace-%d", n+1))
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		status := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			s.mu.Lock()
			s.calls[n].Status = status.status
			s.mu.Unlock()
		}()
		switch {
		case over:
			http.Error(status, `{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED","message":"The maximum number of hourly API invocations has been exceeded."}`, http.StatusTooManyRequests)
		case fault != nil:
			fault(status, r, next)
		default:
			next.ServeHTTP(status, r)
		}
	})
}

// recorder notes the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// UseUp lets other applications use up calls of the hour.
func (s *Server) UseUp(calls int) {
	s.Change(func(s *Server) {
		if now := s.Now(); !now.Before(s.hour.Add(time.Hour)) {
			s.hour, s.used = now.Truncate(time.Hour), 0
		}
		s.used += calls
	})
}
