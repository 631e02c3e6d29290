package docusign

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Scopes are what a token is for, separated by blanks.
type Scopes string

// Scopes of the services that are used.
const (
	// ScopesMonitor read the stream of the Monitor API.
	ScopesMonitor Scopes = "signature impersonation"
	// ScopesOrganizations list the organisations that the user administers.
	ScopesOrganizations Scopes = "signature impersonation organization_read"
	// ScopesUsers list the users of an organisation and the domains that it has claimed.
	ScopesUsers Scopes = "signature impersonation organization_read user_read domain_read"
	// ScopesControls read the identity providers and the domains of an organisation.
	ScopesControls Scopes = "signature impersonation organization_read domain_read identity_provider_read"
)

const (
	// assertionLife is how long an assertion holds. It is long so that a clock that is some minutes slow does no harm.
	assertionLife = time.Hour
	// tokenMargin is how long before its end a token is got anew.
	tokenMargin = 5 * time.Minute
	// maxTokenBytes bounds the answer of the authorization server.
	maxTokenBytes = 64 << 10
)

type token struct {
	access string
	// until is when it is got anew.
	until time.Time
}

// Token gets a token of the scopes unless there is one already.
func (c *Client) Token(ctx context.Context, scopes Scopes) error {
	_, err := c.token(ctx, scopes)
	return err
}

func (c *Client) token(ctx context.Context, scopes Scopes) (string, error) {
	if access := c.held(scopes); access != "" {
		return access, nil
	}
	c.minting.Lock()
	defer c.minting.Unlock()
	if access := c.held(scopes); access != "" {
		return access, nil
	}
	t, err := c.mint(ctx, scopes)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.tokens[string(scopes)] = t
	c.mu.Unlock()
	return t.access, nil
}

func (c *Client) held(scopes Scopes) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.tokens[string(scopes)]; ok && c.o.Now().Before(t.until) {
		return t.access
	}
	return ""
}

// forget drops a token that was refused, unless there is another one already.
func (c *Client) forget(scopes Scopes, access string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[string(scopes)].access == access {
		delete(c.tokens, string(scopes))
	}
}

// assertion says who asks, signed.
func (c *Client) assertion(scopes Scopes, now time.Time) (string, error) {
	claims := jwt.MapClaims{"iss": c.o.IntegrationKey, "sub": c.o.UserID, "aud": c.o.Environment.Audience,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(), "scope": string(scopes)}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(c.o.Key)
}

// mint gets a token by JWT grant.
func (c *Client) mint(ctx context.Context, scopes Scopes) (token, error) {
	asked := c.o.Now()
	signed, err := c.assertion(scopes, asked)
	if err != nil {
		return token{}, &Error{Kind: KindKey, Message: "the assertion cannot be signed with the private key", Err: err}
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.Environment.OAuth+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, &Error{Kind: KindRequest, Message: "the address of the authorization server cannot be made", Err: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.do(r)
	if err != nil {
		return token{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return token{}, c.tokenRefusal(resp, signed, scopes)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenBytes))
	if err != nil {
		if ctx.Err() != nil {
			return token{}, ctx.Err()
		}
		return token{}, cutOff(r.URL.Host, err)
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.AccessToken == "" {
		// The text may hold a token, so it is not repeated.
		return token{}, &Error{Kind: KindResponse, Status: resp.StatusCode, Trace: traceOf(resp),
			Message: fmt.Sprintf("%s answered without a token; expected JSON with access_token: does a proxy or a portal answer in its place?", r.URL.Host)}
	}
	life := time.Duration(min(max(0, answer.ExpiresIn), 24*3600) * float64(time.Second))
	c.o.Logger.DebugContext(ctx, "a token was got", slog.Duration("life", life))
	return token{access: answer.AccessToken, until: asked.Add(max(life-tokenMargin, life/2))}, nil
}

// ConsentURL is where the user, or an administrator for the whole organisation, lets the application act.
func (c *Client) ConsentURL(scopes Scopes) string {
	redirect := url.QueryEscape(c.o.RedirectURI)
	if redirect == "" {
		redirect = "REDIRECT_URI"
	}
	return "https://" + c.o.Environment.Audience + "/oauth/auth?response_type=code&scope=" + strings.ReplaceAll(url.QueryEscape(string(scopes)), "+", "%20") +
		"&client_id=" + url.QueryEscape(c.o.IntegrationKey) + "&redirect_uri=" + redirect
}

// clockTolerance is how far the clocks may be apart before that is what is wrong.
const clockTolerance = 90 * time.Second

// tokenRefusal says why there is no token.
func (c *Client) tokenRefusal(resp *http.Response, signed string, scopes Scopes) *Error {
	e := c.refusal(resp, signed)
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden || e.Kind == KindThrottled {
		return e
	}
	env, detail := c.o.Environment, strings.ToLower(e.Detail)
	said := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(detail, w) })
	}
	skew := c.Skew()
	wrongClock := skew.Abs() > clockTolerance
	switch {
	case said("consent_required"):
		e.Kind = KindConsent
		e.Message = fmt.Sprintf("nobody has given consent that the integration key %s acts for the user %s in %s: log in as that user and accept%s at %s",
			c.o.IntegrationKey, c.o.UserID, env.Name, c.redirectHint(), c.ConsentURL(scopes))
	case said("issuer_not_found", "invalid_client", "unauthorized_client"):
		e.Kind = KindIntegration
		e.Message = fmt.Sprintf("the integration key %s is not known in %s: compare it with Apps and Keys; a key from demo works in production only after go-live", c.o.IntegrationKey, env.Name)
	case said("user_not_found", "invalid_user"):
		e.Kind = KindUser
		e.Message = fmt.Sprintf("the user %s is not known in %s: expected the API user id (a GUID) of an active user of that environment", c.o.UserID, env.Name)
	case wrongClock && e.Status == http.StatusBadRequest:
		e.Kind = KindClock
		e.Message = fmt.Sprintf("the clock of this machine is %s %s DocuSign's, so that the signed request for a token is not valid: set the clock (NTP)", skew.Abs(), behind(skew))
	case said("no_valid_keys_or_signatures", "invalid_signature"):
		e.Kind = KindKey
		e.Message = fmt.Sprintf("the private key does not belong to the integration key %s: make a key pair under Apps and Keys and put its private key into the file; a key pair that was deleted there stops to work at once", c.o.IntegrationKey)
	default:
		e.Kind = KindToken
		e.Message = fmt.Sprintf("DocuSign gives no token for the integration key %s and the user %s in %s", c.o.IntegrationKey, c.o.UserID, env.Name)
	}
	return e
}

func behind(skew time.Duration) string {
	if skew > 0 {
		return "behind"
	}
	return "ahead of"
}

func (c *Client) redirectHint() string {
	if c.o.RedirectURI != "" {
		return ""
	}
	return " (in the place of REDIRECT_URI, one of the redirect addresses of the application)"
}
