package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/chain"
)

// route is one plain handler.
type route struct {
	path    string
	methods []string
	handler http.Handler
}

// routes is everything that HTTP answers. All of it goes through the chain.
func (s *Server) routes(g *gateway, stream *alertStream) (http.Handler, error) {
	document, err := newOpenAPI(s.options.OpenAPI, s.options.Version)
	if err != nil {
		return nil, err
	}
	read := []string{http.MethodGet, http.MethodHead}
	mux := http.NewServeMux()
	routes := []route{
		{"/v1/", nil, g},
		{alertStreamPath, []string{http.MethodGet}, stream},
		{importPath, []string{http.MethodPost}, &importer{
			ingester: s.options.Services.Ingester, split: s.options.Services.Splitter, origin: s.options.ImportOrigin,
			maxBytes: s.options.MaxImportBytes, draining: s.draining,
		}},
		{"/openapi.json", read, document},
		{"/healthz", read, http.HandlerFunc(serveAlive)},
		{"/readyz", read, http.HandlerFunc(s.serveReady)},
		{"/metrics", read, promhttp.HandlerFor(s.options.Gatherer, promhttp.HandlerOpts{})},
		{"/", nil, http.HandlerFunc(writeNoRoute)},
	}
	if s.hunts != nil {
		routes = append(routes, route{huntQueryPath, []string{http.MethodPost}, http.HandlerFunc(s.hunts.query)}, route{huntPath, nil, s.hunts.saved(g)})
	}
	for _, r := range routes {
		mux.Handle(r.path, s.chain.HTTP(r.path, only(r.methods, r.handler)))
	}
	// Whoever delivers shows by the signature that they may, so that these go without who calls and what they may do.
	deliveries := only([]string{http.MethodPost}, newConnect(&s.options, s.draining))
	for _, path := range []string{connectPath, connectPath + "/{source}"} {
		mux.Handle(path, s.chain.Signed(path, deliveries))
	}
	return guard(mux), nil
}

// guard sets what every answer has, and gives the body of every request its patience.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.Body != nil && r.Body != http.NoBody {
			// A copy: the HTTP server looks at the body of its own request to see whether all of it was read, and reuses the
			// connection for what it believes to be the next request when it cannot tell.
			r = r.WithContext(r.Context())
			r.Body = &patientBody{ReadCloser: r.Body, connection: http.NewResponseController(w)}
		}
		next.ServeHTTP(w, r)
	})
}

// only refuses other methods; nil leaves that to the handler.
func only(methods []string, next http.Handler) http.Handler {
	if methods == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			writeMethodNotAllowed(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func writeNoRoute(w http.ResponseWriter, r *http.Request) {
	chain.WriteError(w, r, fault.New(fault.NotFound, "there is no %s; /openapi.json lists what there is", r.URL.Path))
}

func writeMethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	chain.WriteErrorCode(w, r, status.Errorf(codes.Unimplemented, "%s does not take the method %s", r.URL.Path, r.Method),
		http.StatusMethodNotAllowed)
}

// serveAlive answers as long as the process can.
func serveAlive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// serveReady answers 200 when the process can do its work, and otherwise 503 with what is missing.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	missing := s.missing(r.Context())
	answer := struct {
		Ready   bool     `json:"ready"`
		Missing []string `json:"missing"`
	}{len(missing) == 0, append([]string{}, missing...)}
	code := http.StatusOK
	if !answer.Ready {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, answer)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client may be gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(v)
}
