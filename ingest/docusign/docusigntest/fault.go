package docusigntest

import (
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strconv"
)

// Fault answers one call in the place of the service, or spoils its answer.
type Fault func(w http.ResponseWriter, r *http.Request, service http.Handler)

// Fail plays faults to the next calls of a path, one each.
func (s *Server) Fail(path string, faults ...Fault) {
	s.Change(func(s *Server) { s.faults[path] = append(s.faults[path], faults...) })
}

// Forgive takes the faults that wait for the calls of a path away.
func (s *Server) Forgive(path string) { s.Change(func(s *Server) { delete(s.faults, path) }) }

// Status answers with a status, a body and headers (name, value, ...); an empty value takes the header away.
func Status(status int, body string, headers ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(headers); i += 2 {
			if headers[i+1] == "" {
				w.Header().Del(headers[i])
				continue
			}
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// WithoutLimits answers without the headers of the budget.
func WithoutLimits(f Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, service http.Handler) {
		for _, h := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-BurstLimit-Limit", "X-BurstLimit-Remaining"} {
			w.Header().Del(h)
		}
		f(w, r, service)
	}
}

// record lets the service answer into memory.
func record(r *http.Request, service http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	service.ServeHTTP(rec, r)
	return rec
}

// Truncated answers with the first half of the body as if it were all: JSON that ends early.
func Truncated(w http.ResponseWriter, r *http.Request, service http.Handler) {
	body := record(r, service).Body.Bytes()
	_, _ = w.Write(body[:len(body)/2])
}

// Cut breaks the connection off in the middle of the body.
func Cut(w http.ResponseWriter, r *http.Request, service http.Handler) {
	body := record(r, service).Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body[:len(body)/2])
	c := http.NewResponseController(w)
	_ = c.Flush()
	if conn, _, err := c.Hijack(); err == nil {
		_ = conn.Close()
	}
}

// Stall sends half of the body and then nothing, until the client goes away.
func Stall(w http.ResponseWriter, r *http.Request, service http.Handler) {
	body := record(r, service).Body.Bytes()
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// Gzip compresses the body; declared says whether the header tells.
func Gzip(declared bool) Fault {
	return func(w http.ResponseWriter, r *http.Request, service http.Handler) {
		body := record(r, service).Body.Bytes()
		if declared {
			w.Header().Set("Content-Encoding", "gzip")
		}
		z := gzip.NewWriter(w)
		_, _ = z.Write(body)
		_ = z.Close()
	}
}

// Again answers with the page before, as if nothing had been asked since.
func (s *Server) Again(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = w.Write(s.last)
}
