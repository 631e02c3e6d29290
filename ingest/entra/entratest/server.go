// Package entratest is a tenant of Entra ID in this process: the token endpoint and the parts of Microsoft Graph that list users, what
// changed of them, deleted ones and members of groups, with faults when asked. Only tests import it.
package entratest

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What a Server knows from the start.
const (
	TenantID = "0a1b2c3d-1111-4222-8333-444455556666"
	ClientID = "9f8e7d6c-aaaa-4bbb-8ccc-ddddeeeeffff"
	Secret   = "very~secret.value"
)

// Paths of the services, for Fail and Calls.
const (
	PathToken   = "/" + TenantID + "/oauth2/v2.0/token"
	PathUsers   = "/v1.0/users"
	PathDelta   = "/v1.0/users/delta"
	PathDeleted = "/v1.0/directory/deletedItems/microsoft.graph.user"
)

// Fault answers one call in the place of the service.
type Fault func(w http.ResponseWriter, r *http.Request, service http.Handler)

// Server is a tenant. Its fields are set before it is called, or under Change.
type Server struct {
	*httptest.Server
	mu sync.Mutex
	// Now is Microsoft's clock.
	Now func() time.Time
	// Certificate of the application, beside the secret; nil when there is none.
	Public *x509.Certificate
	// Permissions that an administrator has granted.
	Permissions map[string]bool
	// PageSize is the most people of a page.
	PageSize int
	// Minimal has the delta name of changed people nothing but what changed.
	Minimal bool

	users   map[string]map[string]any
	deleted map[string]map[string]any
	groups  map[string]group
	// changes is a log of ids; a delta token is a place in it. Tokens of an older generation are not known any more.
	changes    []change
	generation int
	tokens     map[string]time.Time
	minted     int
	faults     map[string][]Fault
	calls      []string
}

type group struct {
	name    string
	members []string
}

type change struct{ id, reason string }

// New starts a Server over TLS; it ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{Now: time.Now, Permissions: map[string]bool{"User.Read.All": true, "GroupMember.Read.All": true}, PageSize: 3, users: map[string]map[string]any{}, deleted: map[string]map[string]any{},
		groups: map[string]group{}, tokens: map[string]time.Time{}, faults: map[string][]Fault{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathToken, s.token)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant not found.")
	})
	mux.HandleFunc("GET "+PathDelta, s.authorized("User.Read.All", s.delta))
	mux.HandleFunc("GET "+PathUsers, s.authorized("User.Read.All", s.list))
	mux.HandleFunc("GET "+PathDeleted, s.authorized("User.Read.All", s.listDeleted))
	mux.HandleFunc("GET /v1.0/groups/{id}", s.authorized("GroupMember.Read.All", s.group))
	mux.HandleFunc("GET /v1.0/groups/{id}/transitiveMembers/microsoft.graph.user", s.authorized("GroupMember.Read.All", s.members))
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, r.URL.RequestURI())
		var fault Fault
		if waiting := s.faults[r.URL.Path]; len(waiting) > 0 {
			fault, s.faults[r.URL.Path] = waiting[0], waiting[1:]
		}
		s.mu.Unlock()
		w.Header().Set("request-id", "req-1")
		w.Header().Set("Content-Type", "application/json")
		if fault != nil {
			fault(w, r, mux)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// Change changes the server while it may be called.
func (s *Server) Change(f func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// Fail plays faults to the next calls of a path, one each.
func (s *Server) Fail(path string, faults ...Fault) {
	s.Change(func(s *Server) { s.faults[path] = append(s.faults[path], faults...) })
}

// Status answers with a status, a body and headers (name, value, ...).
func Status(status int, body string, headers ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// Cut breaks the connection off in the middle of the body.
func Cut(w http.ResponseWriter, r *http.Request, service http.Handler) {
	rec := httptest.NewRecorder()
	service.ServeHTTP(rec, r)
	w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
	_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
	c := http.NewResponseController(w)
	_ = c.Flush()
	if conn, _, err := c.Hijack(); err == nil {
		_ = conn.Close()
	}
}

// Calls that came to addresses which contain a text, in order.
func (s *Server) Calls(part string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if strings.Contains(c, part) {
			all = append(all, c)
		}
	}
	return all
}

// SecretFile and CAFile write what a client needs and return the name of the file.
func (s *Server) SecretFile(t testing.TB) string { return write(t, "secret", []byte(Secret+"\n")) }

// CAFile writes the certificate of the server.
func (s *Server) CAFile(t testing.TB) string {
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

// Put adds a user or changes some of the fields of one.
func (s *Server) Put(id string, fields map[string]any) {
	s.Change(func(s *Server) {
		u := s.users[id]
		if u == nil {
			u = map[string]any{"id": id, "accountEnabled": true, "userPrincipalName": id + "@example.com", "displayName": "Person " + id, "mail": id + "@example.com", "userType": "Member"}
			s.users[id] = u
		}
		maps.Copy(u, fields)
		delete(s.deleted, id)
		s.changes = append(s.changes, change{id, ""})
	})
}

// Delete puts a user into the deleted items, or purges it.
func (s *Server) Delete(id string, at time.Time, purge bool) {
	s.Change(func(s *Server) {
		u := s.users[id]
		delete(s.users, id)
		s.changes = append(s.changes, change{id, "changed"})
		if purge {
			s.changes[len(s.changes)-1].reason = "deleted"
			delete(s.deleted, id)
			return
		}
		u["deletedDateTime"] = at.UTC().Format(time.RFC3339)
		u["userPrincipalName"] = strings.ReplaceAll(id, "-", "") + fmt.Sprint(u["userPrincipalName"])
		s.deleted[id] = u
	})
}

// Group sets a group.
func (s *Server) Group(id, name string, members ...string) {
	s.Change(func(s *Server) { s.groups[id] = group{name, members} })
}

// Forget deletes a group.
func (s *Server) Forget(group string) { s.Change(func(s *Server) { delete(s.groups, group) }) }

// ForgetDeltas makes every delta that was given out unknown.
func (s *Server) ForgetDeltas() { s.Change(func(s *Server) { s.generation++ }) }

// RevokeTokens makes all tokens worthless.
func (s *Server) RevokeTokens() { s.Change(func(s *Server) { clear(s.tokens) }) }

func answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, map[string]any{"error": code, "error_description": description})
}

func graphError(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// token is the client credentials grant, by secret or by certificate.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.FormValue("grant_type") != "client_credentials" || !strings.HasSuffix(r.FormValue("scope"), "/.default"):
		refuse(w, http.StatusBadRequest, "invalid_request", "AADSTS900144: The request body must contain grant_type and scope.")
		return
	case r.FormValue("client_id") != ClientID:
		refuse(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
		return
	case r.FormValue("client_assertion") != "":
		if problem := s.assertion(r); problem != "" {
			refuse(w, http.StatusUnauthorized, "invalid_client", problem)
			return
		}
	case r.FormValue("client_secret") != Secret:
		refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided: "+r.FormValue("client_secret"))
		return
	}
	s.minted++
	token := fmt.Sprintf("secret-token-%d", s.minted)
	s.tokens[token] = s.Now().Add(time.Hour)
	answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3599})
}

func (s *Server) assertion(r *http.Request) string {
	if s.Public == nil || r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.FormValue("client_secret") != "" {
		return "AADSTS700027: The certificate is not registered."
	}
	sum := sha256.Sum256(s.Public.Raw)
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(r.FormValue("client_assertion"), claims, func(t *jwt.Token) (any, error) {
		if t.Header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return nil, fmt.Errorf("thumbprint %v", t.Header["x5t#S256"])
		}
		return s.Public.PublicKey.(*rsa.PublicKey), nil
	}, jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(s.URL+PathToken), jwt.WithIssuer(ClientID), jwt.WithSubject(ClientID), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.Now))
	switch {
	case err != nil && strings.Contains(err.Error(), "expired"):
		return "AADSTS700024: Client assertion is not within its valid time range."
	case err != nil:
		return "AADSTS700027: " + err.Error()
	}
	return ""
}

// authorized lets calls with a good token and a granted permission through.
func (s *Server) authorized(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if until, known := s.tokens[token]; !known || !s.Now().Before(until) {
			graphError(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "The token "+token+" is not valid.")
			return
		}
		leaves := strings.Contains(r.URL.Query().Get("$select"), "employeeLeaveDateTime")
		if !s.Permissions[permission] || leaves && !s.Permissions["User-LifeCycleInfo.Read.All"] {
			graphError(w, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			return
		}
		next(w, r)
	}
}

// selected is what a call wants to see of a user.
func selected(r *http.Request, u map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range strings.Split(r.URL.Query().Get("$select"), ",") {
		if v, ok := u[f]; ok {
			out[f] = v
		}
	}
	return out
}

// paged answers with a page of all.
func (s *Server) paged(w http.ResponseWriter, r *http.Request, all []any, last map[string]any) {
	skip, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	skip = min(skip, len(all))
	end := min(len(all), skip+s.PageSize)
	body := map[string]any{"value": append([]any{}, all[skip:end]...)}
	if end < len(all) {
		q := r.URL.Query()
		q.Set("$skiptoken", strconv.Itoa(end))
		body["@odata.nextLink"] = s.URL + r.URL.Path + "?" + q.Encode()
	} else {
		maps.Copy(body, last)
	}
	answer(w, http.StatusOK, body)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	var all []any
	filter := r.URL.Query().Get("$filter")
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		if filter == "" || strings.Contains(filter, "'"+id+"'") {
			all = append(all, selected(r, s.users[id]))
		}
	}
	if filter != "" && strings.Count(filter, ",") >= 15 {
		graphError(w, http.StatusBadRequest, "Request_UnsupportedQuery", "Too many child clauses specified in search filter expression.")
		return
	}
	s.paged(w, r, all, nil)
}

func (s *Server) listDeleted(w http.ResponseWriter, r *http.Request) {
	var all []any
	for _, id := range slices.Sorted(maps.Keys(s.deleted)) {
		all = append(all, selected(r, s.deleted[id]))
	}
	s.paged(w, r, all, nil)
}

// delta tells everybody, or who changed since a token.
func (s *Server) delta(w http.ResponseWriter, r *http.Request) {
	link := func(place int, q string) map[string]any {
		return map[string]any{"@odata.deltaLink": fmt.Sprintf("%s%s?$select=%s&$deltatoken=%d_%d", s.URL, r.URL.Path, q, s.generation, place)}
	}
	fields := r.URL.Query().Get("$select")
	token := r.URL.Query().Get("$deltatoken")
	if token == "" {
		var all []any
		for _, id := range slices.Sorted(maps.Keys(s.users)) {
			all = append(all, selected(r, s.users[id]))
		}
		s.paged(w, r, all, link(len(s.changes), fields))
		return
	}
	var generation, place int
	if n, _ := fmt.Sscanf(token, "%d_%d", &generation, &place); n != 2 || generation != s.generation {
		graphError(w, http.StatusGone, "resyncRequired", "Resync required.")
		return
	}
	var all []any
	last := map[string]change{}
	for _, c := range s.changes[min(place, len(s.changes)):] {
		last[c.id] = c
	}
	for _, id := range slices.Sorted(maps.Keys(last)) {
		switch u := s.users[id]; {
		case u == nil:
			all = append(all, map[string]any{"id": id, "@removed": map[string]any{"reason": last[id].reason}})
		case s.Minimal:
			all = append(all, map[string]any{"id": id})
		default:
			all = append(all, selected(r, u))
		}
	}
	s.paged(w, r, all, link(len(s.changes), fields))
}

func (s *Server) group(w http.ResponseWriter, r *http.Request) {
	g, found := s.groups[r.PathValue("id")]
	if !found {
		graphError(w, http.StatusNotFound, "Request_ResourceNotFound", "Resource does not exist.")
		return
	}
	answer(w, http.StatusOK, map[string]any{"displayName": g.name})
}

func (s *Server) members(w http.ResponseWriter, r *http.Request) {
	var all []any
	for _, id := range s.groups[r.PathValue("id")].members {
		if s.users[id] != nil {
			all = append(all, map[string]any{"id": id})
		}
	}
	s.paged(w, r, all, nil)
}
