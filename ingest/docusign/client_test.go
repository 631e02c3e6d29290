package docusign_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t testing.TB, s *docusigntest.Server, change func(*docusign.Options)) *docusign.Client {
	t.Helper()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport := docusign.NewTransport(roots)
	o := docusign.Options{Environment: s.Environment(t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID, Key: s.Key, Transport: transport, Now: s.Now, UserAgent: "test"}
	if change != nil {
		change(&o)
	}
	c, err := docusign.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func get(t testing.TB, c *docusign.Client, s *docusigntest.Server) (string, error) {
	t.Helper()
	resp, err := c.Get(t.Context(), docusign.ScopesMonitor, s.URL+docusigntest.PathV2+"?cursor=2026-01-01T00:00:00Z&limit=10")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// TestRefusals: every refusal has its kind, words that help, and the trace; none repeats a secret.
func TestRefusals(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*docusign.Options)
		server func(*docusigntest.Server)
		kind   docusign.Kind
		words  []string
	}{
		{"consent", nil, func(s *docusigntest.Server) { s.Consents = nil }, docusign.KindConsent,
			[]string{"https://account-d.docusign.com/oauth/auth?response_type=code&scope=signature%20impersonation&client_id=" + docusigntest.IntegrationKey + "&redirect_uri=REDIRECT_URI", "trace-1"}},
		{"consent with redirect", func(o *docusign.Options) { o.RedirectURI = "https://x.example/a b" }, func(s *docusigntest.Server) { s.Consents = nil }, docusign.KindConsent, []string{"redirect_uri=https%3A%2F%2Fx.example%2Fa+b "}},
		{"wrong key", func(o *docusign.Options) { o.Key = other }, nil, docusign.KindKey, []string{"does not belong", "trace-1"}},
		{"unknown integration key", func(o *docusign.Options) { o.IntegrationKey = "nobody" }, nil, docusign.KindIntegration, []string{"nobody", "go-live"}},
		{"wrong environment", nil, func(s *docusigntest.Server) { s.Audience = "account.docusign.com" }, docusign.KindIntegration, []string{"demo"}},
		{"unknown user", func(o *docusign.Options) { o.UserID = "nobody" }, nil, docusign.KindUser, []string{"nobody", "GUID"}},
		{"slow clock", func(o *docusign.Options) { o.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) } }, nil, docusign.KindClock, []string{" behind DocuSign", "NTP"}},
		{"fast clock", func(o *docusign.Options) { o.Now = func() time.Time { return time.Now().Add(20 * time.Minute) } }, nil, docusign.KindClock, []string{"ahead of", "NTP"}},
		{"entitlement", nil, func(s *docusigntest.Server) { s.Entitled = false }, docusign.KindEntitlement, []string{"no DocuSign Monitor", "trace-2"}},
		{"forbidden without a word", nil, func(s *docusigntest.Server) { s.Entitled, s.SilentRefusal = false, true }, docusign.KindForbidden, []string{"HTTP 403", "trace-2"}},
		{"no such path", nil, func(s *docusigntest.Server) { s.Fail(docusigntest.PathV2, docusigntest.Status(404, "")) }, docusign.KindNotFound, []string{docusigntest.PathV2}},
		{"redirect", nil, func(s *docusigntest.Server) {
			s.Fail(docusigntest.PathV2, docusigntest.Status(307, "", "Location", "https://evil.example/"))
		}, docusign.KindResponse, []string{"not followed"}},
		{"token without a token", nil, func(s *docusigntest.Server) { s.Fail(docusigntest.PathToken, docusigntest.Status(200, "<html>log in")) }, docusign.KindResponse, []string{"portal"}},
		{"throttled token", nil, func(s *docusigntest.Server) { s.Fail(docusigntest.PathToken, docusigntest.Status(429, "")) }, docusign.KindThrottled, nil},
		{"throttled the old way", nil, func(s *docusigntest.Server) {
			s.Fail(docusigntest.PathV2, docusigntest.Status(400, `{"errorCode":"BURST_APIINVOCATION_LIMIT_EXCEEDED","message":"m"}`))
		}, docusign.KindThrottled, []string{"BURST_APIINVOCATION_LIMIT_EXCEEDED: m"}},
		{"server", nil, func(s *docusigntest.Server) {
			s.Fail(docusigntest.PathV2, docusigntest.Status(503, "<b>\x1b[31mno</b>"))
		}, docusign.KindServer, []string{"HTTP 503", "<b> [31mno</b>"}},
		{"token refused for ever", nil, func(s *docusigntest.Server) {
			s.TokenLife = -time.Second
		}, docusign.KindToken, []string{"HTTP 401", "<secret>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := docusigntest.New(t)
			if c.server != nil {
				c.server(s)
			}
			_, err := get(t, client(t, s, c.change), s)
			var e *docusign.Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("found %v, expected kind %s", err, c.kind)
			}
			for _, w := range c.words {
				if !strings.Contains(e.Error(), w) {
					t.Errorf("%q is not in %q", w, e.Error())
				}
			}
			for _, secret := range []string{"secret-token", "eyJ", "\x1b"} {
				if strings.Contains(e.Error(), secret) {
					t.Errorf("%q is in %q", secret, e.Error())
				}
			}
		})
	}
}

// TestTokenIsMintedBeforeItEnds: one token serves until five minutes before its end; one that is refused is got anew once.
func TestTokenIsMintedBeforeItEnds(t *testing.T) {
	s := docusigntest.New(t)
	now := time.Now()
	clock := func() time.Time { return now }
	s.Now = clock
	c := client(t, s, func(o *docusign.Options) { o.Now = clock })
	for _, step := range []struct {
		after  time.Duration
		minted int
	}{{0, 1}, {54 * time.Minute, 1}, {2 * time.Minute, 2}, {0, 2}} {
		s.Change(func(*docusigntest.Server) { now = now.Add(step.after) })
		if _, err := get(t, c, s); err != nil {
			t.Fatal(err)
		}
		if n := len(s.Calls(docusigntest.PathToken)); n != step.minted {
			t.Errorf("after %s more there were %d tokens, expected %d", step.after, n, step.minted)
		}
	}
	s.RevokeTokens()
	if _, err := get(t, c, s); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Calls(docusigntest.PathToken)); n != 3 {
		t.Errorf("after the token was revoked there were %d tokens, expected 3", n)
	}
}

func TestLimitsAndRetryAfter(t *testing.T) {
	s := docusigntest.New(t)
	c := client(t, s, nil)
	resp, err := c.Get(t.Context(), docusign.ScopesMonitor, s.URL+docusigntest.PathV2+"?cursor=2026-01-01T00:00:00Z&limit=10")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if l := resp.Limits; l.Limit != 3000 || l.Remaining != 2999 || l.BurstLimit != 200 || l.BurstRemaining != 199 || l.Reset.Before(time.Now()) || l.Reset.After(time.Now().Add(time.Hour+time.Second)) {
		t.Errorf("limits %+v", l)
	}
	for header, want := range map[string]time.Duration{"17": 17 * time.Second, "99999999999": 75 * time.Minute, "-3": 0, "soon": 0, time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat): 10 * time.Minute} {
		s.Fail(docusigntest.PathV2, docusigntest.WithoutLimits(docusigntest.Status(429, "", "Retry-After", header)))
		_, err := get(t, c, s)
		var e *docusign.Error
		if !errors.As(err, &e) || (e.RetryAfter-want).Abs() > 2*time.Second || e.Limits != docusign.NoLimits() {
			t.Errorf("Retry-After %q: %v waits %s, expected %s", header, err, e.RetryAfter, want)
		}
	}
}

// TestNobodyThere: what the network does is told apart.
func TestNobodyThere(t *testing.T) {
	s := docusigntest.New(t)
	stalled := client(t, s, func(o *docusign.Options) { o.IdleTimeout = time.Second })
	s.Add(time.Now(), docusigntest.Record("a", time.Now()))
	s.Fail(docusigntest.PathV2, docusigntest.Stall)
	if text, err := get(t, stalled, s); err == nil || !strings.Contains(err.Error(), "no byte came") {
		t.Errorf("a body that stalls: %q %v", text, err)
	}
	s.Fail(docusigntest.PathV2, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
	if _, err := get(t, stalled, s); docusign.KindOf(err) != docusign.KindNetwork || !strings.Contains(err.Error(), "sent nothing") {
		t.Errorf("no answer at all: %v", err)
	}
	untrusting := client(t, s, func(o *docusign.Options) { o.Transport = docusign.NewTransport(nil) })
	if _, err := get(t, untrusting, s); docusign.KindOf(err) != docusign.KindNetwork || !strings.Contains(err.Error(), "caFile") {
		t.Errorf("a certificate that is not trusted: %v", err)
	}
	gone := client(t, s, nil)
	s.Server.Close()
	if _, err := get(t, gone, s); docusign.KindOf(err) != docusign.KindNetwork || !strings.Contains(err.Error(), "firewall") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestOrganizations(t *testing.T) {
	s := docusigntest.New(t)
	c := client(t, s, nil)
	all, err := c.Organizations(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != docusigntest.OrganizationID || all[0].Name != "Example" {
		t.Errorf("%v, %v", all, err)
	}
	s.Fail(docusigntest.PathOrganizations, docusigntest.Status(200, `{"x":1}`), docusigntest.Status(403, ""))
	if _, err := c.Organizations(t.Context()); docusign.KindOf(err) != docusign.KindResponse {
		t.Errorf("a list that is none: %v", err)
	}
	if _, err := c.Organizations(t.Context()); docusign.KindOf(err) != docusign.KindRole || !strings.Contains(err.Error(), "organizationId") {
		t.Errorf("refused: %v", err)
	}
}

func TestEndpoint(t *testing.T) {
	for base, good := range map[string]bool{"https://x.example": true, "https://x.example:8443/docusign/": true, "http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://x.example": false, "http://localhost:1": false, "ftp://x": false, "x": false, "": false, "https://u:p@x.example": false, "https://x.example?a=b": false} {
		if err := docusign.CheckEndpoint(base); (err == nil) != good {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := docusign.EnvironmentOf("staging"); err == nil {
		t.Error("an unknown environment is accepted")
	}
	for _, name := range []string{docusign.Production, docusign.Demo} {
		e, err := docusign.EnvironmentOf(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{e.OAuth, e.Lens, e.API, e.Management} {
			if err := docusign.CheckEndpoint(address); err != nil || strings.Contains(address, "-d.") != (name == docusign.Demo) {
				t.Errorf("%s: %s: %v", name, address, err)
			}
		}
	}
}
