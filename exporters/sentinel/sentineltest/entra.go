package sentineltest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // how certificates are named
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Identity that the tenant knows from the start.
const (
	TenantID = "1b6c2f0e-5a3d-4c8b-9e7f-0d1a2b3c4d5e"
	ClientID = "7e0d9c8b-6a5f-4e3d-2c1b-0a9f8e7d6c5b"
	Secret   = "s3cr~t.Of_the-Application"
	// FederatedToken stands for what Kubernetes projects into a pod.
	FederatedToken = "eyJhbGciOiJSUzI1NiJ9.federated.token"
	// Audience that tokens are for.
	Audience = "https://monitor.azure.com/"
)

// refusal is an answer of Entra ID that gives no token.
type refusal struct {
	status int
	kind   string
	code   int
	words  string
}

// serveEntra answers what MSAL asks of a tenant.
func (s *Server) serveEntra(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if tenant != TenantID {
		refuseToken(w, refusal{400, "invalid_request", 90002, "Tenant '" + tenant + "' not found."})
		return
	}
	switch path {
	case "v2.0/.well-known/openid-configuration":
		base := "https://" + r.Host + "/" + tenant
		writeJSON(w, http.StatusOK, map[string]string{"issuer": base + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token", "jwks_uri": base + "/discovery/v2.0/keys", "end_session_endpoint": base + "/oauth2/v2.0/logout"})
	case "oauth2/v2.0/token":
		s.tokenRequests++
		if len(s.entraFaults) > 0 {
			f := s.entraFaults[0]
			s.entraFaults = s.entraFaults[1:]
			if f.HangUp {
				panic(http.ErrAbortHandler) //nolint:forbidigo // the way to break a connection that may be HTTP/2
			}
			if f.RetryAfter != "" {
				w.Header().Set("Retry-After", f.RetryAfter)
			}
			w.WriteHeader(f.Status)
			_, _ = io.WriteString(w, f.Body)
			return
		}
		if f := s.grant(r); f != nil {
			refuseToken(w, *f)
			return
		}
		token := "eyJ0eXAiOiJKV1Qi." + rand.Text() + ".signature"
		s.tokens[token] = time.Now().Add(time.Hour)
		writeJSON(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token})
	default:
		http.NotFound(w, r)
	}
}

func refuseToken(w http.ResponseWriter, f refusal) {
	writeJSON(w, f.status, map[string]any{"error": f.kind, "error_codes": []int{f.code}, "correlation_id": "c0ffee00-0000-4000-8000-000000000000",
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: 00000000-0000-4000-8000-000000000001 Correlation ID: c0ffee00-0000-4000-8000-000000000000", f.code, f.words)})
}

// grant looks at a request for a token; nil grants it.
func (s *Server) grant(r *http.Request) *refusal {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		return &refusal{400, "invalid_request", 900144, "The request body must contain a form."}
	}
	form := func(name string) string {
		if len(r.PostForm[name]) != 1 {
			return ""
		}
		return r.PostForm[name][0]
	}
	if form("grant_type") != "client_credentials" {
		return &refusal{400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."}
	}
	if form("client_id") != ClientID {
		return &refusal{400, "unauthorized_client", 700016, "Application with identifier '" + form("client_id") + "' was not found in the directory."}
	}
	// Go's client writes two slashes and JavaScript's one: the name of the resource with and without the slash at its end.
	if scopes := strings.Fields(form("scope")); !slices.Contains(scopes, Audience+"/.default") && !slices.Contains(scopes, Audience+".default") {
		return &refusal{400, "invalid_scope", 500011, "The resource principal named " + form("scope") + " was not found in the tenant."}
	}
	if form("client_assertion") != "" {
		if form("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			return &refusal{400, "invalid_request", 900561, "The client assertion type is not known."}
		}
		if form("client_assertion") == FederatedToken {
			if s.Federated {
				return nil
			}
			return &refusal{401, "invalid_client", 700213, "No matching federated identity record found for presented assertion subject."}
		}
		if problem := s.assertion(form("client_assertion"), "https://"+r.Host+r.URL.Path); problem != "" {
			return &refusal{401, "invalid_client", 700027, problem}
		}
		return nil
	}
	switch form("client_secret") {
	case "":
		return &refusal{401, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
	case s.Secret:
		return nil
	case s.Expired:
		return &refusal{401, "invalid_client", 7000222, "The provided client secret keys for app '" + ClientID + "' are expired."}
	}
	return &refusal{401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID."}
}

// assertion checks a signed request for a token; empty when it is right.
func (s *Server) assertion(token, endpoint string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || s.Certificate == nil {
		return "The assertion is no signed token of a certificate that the application has."
	}
	var header struct {
		Alg  string `json:"alg"`
		X5T  string `json:"x5t"`
		X256 string `json:"x5t#S256"`
	}
	var claims struct {
		Aud, Iss, Sub, Jti string
		Nbf, Exp           int64
	}
	for i, into := range []any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			return "The assertion cannot be read."
		}
	}
	sum1, sum256 := sha1.Sum(s.Certificate.Raw), sha256.Sum256(s.Certificate.Raw) //nolint:gosec // how certificates are named
	if !named(header.X256, sum256[:]) && !named(header.X5T, sum1[:]) {
		return "The certificate with the identifier of the assertion is not registered on the application."
	}
	now := time.Now().Unix()
	if claims.Aud != endpoint || claims.Iss != ClientID || claims.Sub != ClientID || claims.Jti == "" || claims.Exp < now || claims.Exp > now+24*3600 || claims.Nbf > now+300 {
		return "The claims of the assertion are not as expected."
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	key, ok := s.Certificate.PublicKey.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
	case header.Alg == "PS256" && rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, nil) == nil:
		return ""
	case header.Alg == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil:
		return ""
	}
	return "Client assertion failed signature validation."
}

// named says whether a header names a certificate: by Base64 for URLs, as the standard has it, or the plain one, as MSAL writes it and
// Entra ID takes it.
func named(header string, sum []byte) bool {
	return header == base64.RawURLEncoding.EncodeToString(sum) || header == base64.StdEncoding.EncodeToString(sum)
}

// ServeManaged answers as what speaks for managed identities on an App Service does: key is what it asks for in a header, identity the
// client id that is assigned, or empty for the machine's own. The token of an identity is always the same, because MSAL keeps it for as
// long as the process lives, across credentials and so across servers of this package.
func (s *Server) ServeManaged(key, identity string) http.Handler {
	token := "eyJtYW5hZ2VkIjp0cnVl." + base64.RawURLEncoding.EncodeToString([]byte("managed "+identity)) + ".signature"
	s.Change(func(s *Server) { s.tokens[token] = time.Now().Add(time.Hour) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Header.Get("X-IDENTITY-HEADER") != key || q.Get("api-version") == "" || q.Get("resource") != Audience || q.Get("client_id") != identity {
			writeJSON(w, http.StatusBadRequest, map[string]string{"statusCode": "400", "message": "No managed identity was found for the given parameters."})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "resource": Audience, "token_type": "Bearer"})
	})
}

// Trust lets the application sign with the certificate.
func (s *Server) Trust(c *x509.Certificate) { s.Change(func(s *Server) { s.Certificate = c }) }
