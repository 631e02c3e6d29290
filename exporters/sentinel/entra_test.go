package sentinel_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
)

// TestTokenRefused: what Entra ID says becomes words that say what to do, and nothing of what was sent.
func TestTokenRefused(t *testing.T) {
	aadsts := func(code int) sentineltest.EntraFault {
		return sentineltest.EntraFault{Status: 400, Body: fmt.Sprintf(`{"error":"invalid_client","error_description":"AADSTS%d: words, with %s in them. Trace ID: 1"}`, code, sentineltest.Secret)}
	}
	for name, c := range map[string]struct {
		change      func(o *sentinel.Options)
		fault       *sentineltest.EntraFault
		kind, words string
	}{
		"wrong secret":  {func(o *sentinel.Options) { o.Credential.SecretFile = sentineltest.SecretFile(t, "another") }, nil, "unauthorized", "AADSTS7000215): the client secret is wrong: the file has to hold its value"},
		"old secret":    {func(o *sentinel.Options) { o.Credential.SecretFile = sentineltest.SecretFile(t, "old~secret") }, nil, "unauthorized", "AADSTS7000222): the client secret has expired"},
		"wrong client":  {func(o *sentinel.Options) { o.Credential.ClientID = sentineltest.TenantID }, nil, "unauthorized", "AADSTS700016): no application with this client id"},
		"wrong tenant":  {func(o *sentinel.Options) { o.Credential.TenantID = sentineltest.ClientID }, nil, "unauthorized", "AADSTS90002): there is no tenant with this id"},
		"wrong cloud":   {func(o *sentinel.Options) { o.Cloud = sentinel.China }, nil, "unauthorized", "AADSTS500011): the tenant does not know Azure Monitor under the name of this cloud"},
		"blocked":       {nil, ptr(aadsts(53003)), "unauthorized", "Conditional Access"},
		"disabled":      {nil, ptr(aadsts(7000112)), "unauthorized", "disabled in the tenant"},
		"not known":     {nil, ptr(aadsts(123456)), "unauthorized", "AADSTS123456): look at tenantId"},
		"it passes":     {nil, ptr(aadsts(90033)), "retryable", "AADSTS90033), which passes"},
		"busy":          {nil, &sentineltest.EntraFault{Status: 503, RetryAfter: "11", Body: "busy"}, "retryable", "HTTP status 503"},
		"throttled":     {nil, &sentineltest.EntraFault{Status: 429, RetryAfter: "11", Body: "{}"}, "retryable", "HTTP status 429"},
		"a page":        {nil, &sentineltest.EntraFault{Status: 200, Body: "<html>" + sentineltest.Secret}, "retryable", "something else answers in its place"},
		"a page of 403": {nil, &sentineltest.EntraFault{Status: 403, Body: "<html>" + sentineltest.Secret}, "unauthorized", "HTTP status 403"},
		"hangs up":      {nil, &sentineltest.EntraFault{HangUp: true}, "retryable", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sentineltest.New(t, declared())
			s.Change(func(s *sentineltest.Server) { s.Expired = "old~secret" })
			o := options(t, s)
			if c.change != nil {
				c.change(&o)
			}
			if c.fault != nil {
				s.FailToken(*c.fault)
			}
			x := newExporter(t, o)
			got := export(t, x, changes(1, 2))
			if got.Kind != c.kind || !strings.Contains(got.Words, c.words) || got.Accepted != 0 || len(got.Failed) > 0 {
				t.Errorf("%+v, want %s with %q", got, c.kind, c.words)
			}
			if c.fault != nil && c.fault.RetryAfter != "" && got.RetryAfter != 11*time.Second {
				t.Errorf("after %s", got.RetryAfter)
			}
			if strings.Contains(got.Words, sentineltest.Secret) || len(s.Rows()) > 0 {
				t.Errorf("%q, and %d rows", got.Words, len(s.Rows()))
			}
			if c.fault == nil {
				return
			}
			if got := export(t, x, changes(1, 2)); got.Kind != "ok" {
				t.Errorf("afterwards %+v", got)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// TestNoEntra: that Entra ID cannot be reached goes away by itself.
func TestNoEntra(t *testing.T) {
	s := sentineltest.New(t, declared())
	o := options(t, s)
	o.Authority = "https://" + closedPort(t)
	if got := export(t, newExporter(t, o), changes(1, 1)); got.Kind != "retryable" || !strings.Contains(got.Words, "asking Entra ID for a token") || !strings.Contains(got.Words, "refused") {
		t.Errorf("%+v", got)
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestNewSecret: a secret that is replaced in its file is used for the next token, without a restart; one that is gone pauses.
func TestNewSecret(t *testing.T) {
	s := sentineltest.New(t, declared())
	o := options(t, s)
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 1)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	s.Change(func(s *sentineltest.Server) { s.Expired, s.Secret = s.Secret, "the-new~secret" })
	s.Revoke()
	if got := export(t, x, changes(2, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "AADSTS7000222") {
		t.Errorf("%+v", got)
	}
	write(t, o.Credential.SecretFile, "the-new~secret", 0o600)
	if got := export(t, x, changes(2, 1)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
	s.Revoke()
	if err := os.Chmod(o.Credential.SecretFile, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := export(t, x, changes(3, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "found mode 0644") {
		t.Errorf("%+v", got)
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// TestCertificate signs the request for a token.
func TestCertificate(t *testing.T) {
	s := sentineltest.New(t, declared())
	o := options(t, s)
	certificate, file := certificate(t)
	o.Credential.SecretFile, o.Credential.CertificateFile = "", file
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "AADSTS700027): the certificate is not one of the application") {
		t.Errorf("%+v", got)
	}
	s.Trust(certificate)
	if got := export(t, x, changes(1, 1)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
	write(t, file, "-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n", 0o600)
	if _, err := sentinel.New(o); err == nil || !strings.Contains(err.Error(), "expected a certificate and its private key, both in PEM") || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

func certificate(t *testing.T) (*x509.Certificate, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sealwatch"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "application.pem")
	write(t, name, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o600)
	return c, name
}

// TestWorkload hands the token that Kubernetes projects to Entra ID.
func TestWorkload(t *testing.T) {
	s := sentineltest.New(t, declared())
	o := options(t, s)
	file := filepath.Join(t.TempDir(), "token")
	o.Credential.SecretFile, o.Credential.TokenFile = "", file
	if _, err := sentinel.New(o); err == nil || !strings.Contains(err.Error(), "token of the workload identity") {
		t.Error(err)
	}
	write(t, file, sentineltest.FederatedToken, 0o644)
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "AADSTS700213): no federated credential of the identity has the subject") {
		t.Errorf("%+v", got)
	}
	s.Change(func(s *sentineltest.Server) { s.Federated = true })
	if got := export(t, x, changes(1, 1)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
}

// TestManaged has a token from what speaks for managed identities on an App Service. It is asked past any proxy.
func TestManaged(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://"+closedPort(t))
	for name, c := range map[string]struct{ configured, assigned string }{
		"the machine's own": {sentinel.System, ""},
		"one by client id":  {"5d9c2a1e-7b3f-4e6d-8c5a-1f2e3d4c5b6a", "5d9c2a1e-7b3f-4e6d-8c5a-1f2e3d4c5b6a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sentineltest.New(t, declared())
			app := httptest.NewServer(s.ServeManaged("the-key", c.assigned))
			defer app.Close()
			t.Setenv("IDENTITY_ENDPOINT", app.URL+"/msi/token")
			t.Setenv("IDENTITY_HEADER", "the-key")
			o := options(t, s)
			o.Credential = sentinel.Credential{ManagedIdentity: c.configured}
			if got := export(t, newExporter(t, o), changes(1, 1)); got.Kind != "ok" {
				t.Errorf("%+v", got)
			}
		})
	}
	for name, c := range map[string]struct {
		answer      http.HandlerFunc
		kind, words string
	}{
		"none is assigned": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message":"hush"}`, http.StatusBadRequest)
		}, "unauthorized", "is it assigned to the machine?"},
		"busy": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{}`, http.StatusServiceUnavailable) }, "retryable", "HTTP status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sentineltest.New(t, declared())
			app := httptest.NewServer(c.answer)
			defer app.Close()
			t.Setenv("IDENTITY_ENDPOINT", app.URL)
			t.Setenv("IDENTITY_HEADER", "the-key")
			o := options(t, s)
			o.Credential = sentinel.Credential{ManagedIdentity: "0e9c2a1e-7b3f-4e6d-8c5a-1f2e3d4c5b6b"}
			if got := export(t, newExporter(t, o), changes(1, 1)); got.Kind != c.kind || !strings.Contains(got.Words, c.words) || strings.Contains(got.Words, "hush") {
				t.Errorf("%+v, want %s with %q", got, c.kind, c.words)
			}
		})
	}
}

// TestOptions: what is doubtful is refused at the start.
func TestOptions(t *testing.T) {
	good := options(t, nil)
	good.Endpoint = "https://x.westeurope-1.ingest.monitor.azure.com/"
	if x, err := sentinel.New(good); err != nil {
		t.Error(err)
	} else {
		_ = x.Close(context.Background())
	}
	for want, change := range map[string]func(o *sentinel.Options){
		"cloud \"moon\"":                  func(o *sentinel.Options) { o.Cloud = "moon" },
		"the endpoint is not as expected": func(o *sentinel.Options) { o.Endpoint = "http://x.ingest.monitor.azure.com" },
		"no endpoint":                     func(o *sentinel.Options) { o.Endpoint = "" },
		"the authority is not as":         func(o *sentinel.Options) { o.Authority = "https://a:hush@b.example.com" },
		"rule id \"my-rule\"":             func(o *sentinel.Options) { o.RuleID = "my-rule" },
		"table \"alerts\"":                func(o *sentinel.Options) { o.Table = "alerts" },
		"stream \"Alerts\"":               func(o *sentinel.Options) { o.Stream = "Alerts" },
		"at most 10 bytes":                func(o *sentinel.Options) { o.MaxBytes = 10 },
		"must not be negative":            func(o *sentinel.Options) { o.Timeout = -1 },
		"found 2 credentials":             func(o *sentinel.Options) { o.Credential.ManagedIdentity = "system" },
		"found 0 credentials":             func(o *sentinel.Options) { o.Credential = sentinel.Credential{} },
		"neither a tenant id":             func(o *sentinel.Options) { o.Credential.SecretFile, o.Credential.ManagedIdentity = "", "system" },
		"managed identity \"mine\"":       func(o *sentinel.Options) { o.Credential = sentinel.Credential{ManagedIdentity: "mine"} },
		"have to be GUIDs":                func(o *sentinel.Options) { o.Credential.TenantID = "contoso.com" },
	} {
		o := good
		change(&o)
		if _, err := sentinel.New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
