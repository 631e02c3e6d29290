package docusigntest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockLeeway is how far the times of an assertion may be off.
const clockLeeway = time.Minute

func answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	v := map[string]string{"error": code}
	if description != "" {
		v["error_description"] = description
	}
	answer(w, status, v)
}

// token is the JWT grant: the signature, the times, who asks for whom, and the consent are checked.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		refuse(w, http.StatusBadRequest, "invalid_grant", "unsupported_grant_type")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	claims := jwt.MapClaims{}
	assertion := r.FormValue("assertion")
	unverified := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, unverified); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_grant", "no_valid_keys_or_signatures")
		return
	}
	if audience, _ := unverified.GetAudience(); unverified["iss"] != IntegrationKey || len(audience) != 1 || audience[0] != s.Audience {
		refuse(w, http.StatusBadRequest, "invalid_grant", "issuer_not_found")
		return
	}
	_, err := jwt.ParseWithClaims(assertion, claims, func(*jwt.Token) (any, error) { return s.Public, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuedAt(), jwt.WithExpirationRequired(), jwt.WithLeeway(clockLeeway), jwt.WithTimeFunc(s.Now))
	if err != nil { // also for a wrong clock, as in reality
		refuse(w, http.StatusBadRequest, "invalid_grant", "no_valid_keys_or_signatures")
		return
	}
	if claims["sub"] != UserID {
		refuse(w, http.StatusBadRequest, "invalid_grant", "user_not_found")
		return
	}
	scope, _ := claims["scope"].(string)
	for _, one := range strings.Fields(scope) {
		if !s.Consents[one] {
			refuse(w, http.StatusBadRequest, "consent_required", "")
			return
		}
	}
	if !strings.Contains(scope, "impersonation") {
		refuse(w, http.StatusBadRequest, "invalid_scope", "")
		return
	}
	s.minted++
	token := fmt.Sprintf("secret-token-%d|%s", s.minted, scope)
	s.tokens[token] = s.Now().Add(s.TokenLife)
	answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.TokenLife.Seconds()), "scope": scope})
}

// RevokeTokens makes all tokens worthless, as if they had expired early.
func (s *Server) RevokeTokens() {
	s.Change(func(s *Server) { clear(s.tokens) })
}

// authorized lets calls with a good token through.
func (s *Server) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		until, known := s.tokens[token]
		good := known && s.Now().Before(until)
		s.mu.Unlock()
		if !good {
			answer(w, http.StatusUnauthorized, map[string]string{"errorCode": "USER_AUTHENTICATION_FAILED", "message": "The token " + token + " is not valid."})
			return
		}
		next(w, r)
	}
}

func (s *Server) organizations(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Authorization"), "organization_read") {
		answer(w, http.StatusForbidden, map[string]string{"error": "insufficient_scope"})
		return
	}
	s.mu.Lock()
	all := s.Organizations
	s.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"organizations": all})
}
