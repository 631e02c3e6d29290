package entra_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/entra"
	"github.com/sealwatch/sealwatch/ingest/entra/entratest"
)

// certificate makes one with its key, in PEM.
func certificate(t *testing.T) (public *x509.Certificate, cert, key []byte) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sealwatch"}, NotBefore: start.Add(-time.Hour), NotAfter: start.Add(240 * time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	if public, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return public, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func file(t *testing.T, mode os.FileMode, parts ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, bytes.Join(parts, nil), mode); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCertificate: a token by a signed assertion; the clock and an unknown certificate are told apart.
func TestCertificate(t *testing.T) {
	w := newWorld(t)
	public, cert, key := certificate(t)
	credential, err := entra.LoadCertificate(file(t, 0o600, cert, key))
	if err != nil || !credential.Expires.Equal(public.NotAfter) {
		t.Fatalf("%v", err)
	}
	cloud, _ := entra.CloudAt(w.server.URL)
	client := func() *entra.Client {
		c, err := entra.NewClient(entra.ClientOptions{Cloud: cloud, TenantID: entratest.TenantID, ClientID: entratest.ClientID, Credential: credential, Transport: w.server.Client().Transport, Now: func() time.Time { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	if err := client().Token(t.Context()); entra.Explain(err).Kind != entra.KindCertificate {
		t.Errorf("not registered: %v", err)
	}
	w.server.Change(func(s *entratest.Server) { s.Public = public })
	c := client()
	for range 2 {
		if err := c.Token(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if c.Calls() != 2-1 {
		t.Errorf("%d calls for one token", c.Calls())
	}
	w.now = w.now.Add(56 * time.Minute)
	if err := c.Token(t.Context()); err != nil || c.Calls() != 2 {
		t.Errorf("a token that ends soon: %d calls, %v", c.Calls(), err)
	}
	w.server.Change(func(s *entratest.Server) { s.Now = func() time.Time { return w.now.Add(time.Hour) } })
	if err := client().Token(t.Context()); entra.Explain(err).Kind != entra.KindClock {
		t.Errorf("a slow clock: %v", err)
	}
}

func TestFilesThatAreWrong(t *testing.T) {
	_, cert, key := certificate(t)
	_, _, other := certificate(t)
	for _, c := range []struct {
		name, words string
		load        func() (*entra.Credential, error)
	}{
		{"open to all", "0644", func() (*entra.Credential, error) { return entra.LoadSecret(file(t, 0o644, []byte("x"))) }},
		{"empty", "one line", func() (*entra.Credential, error) { return entra.LoadSecret(file(t, 0o600)) }},
		{"two lines", "one line", func() (*entra.Credential, error) { return entra.LoadSecret(file(t, 0o600, []byte("my-secret\nx"))) }},
		{"none", "no such file", func() (*entra.Credential, error) { return entra.LoadSecret("/none") }},
		{"large", "more than", func() (*entra.Credential, error) { return entra.LoadSecret(file(t, 0o600, make([]byte, 65<<10))) }},
		{"a folder", "no regular file", func() (*entra.Credential, error) { return entra.LoadSecret(t.TempDir()) }},
		{"no key", "in one PEM file", func() (*entra.Credential, error) { return entra.LoadCertificate(file(t, 0o600, cert)) }},
		{"another key", "not that of the certificate", func() (*entra.Credential, error) { return entra.LoadCertificate(file(t, 0o600, cert, other)) }},
		{"a broken key", "no RSA key", func() (*entra.Credential, error) {
			return entra.LoadCertificate(file(t, 0o600, cert, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")))
		}},
	} {
		if _, err := c.load(); err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "my-secret") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	secret, err := entra.LoadSecret(file(t, 0o600, []byte(" my-secret\n")))
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret), "my-secret") {
		t.Errorf("%v %v", secret, err)
	}
	if _, err := entra.LoadCertificate(file(t, 0o600, key, cert)); err != nil {
		t.Error(err)
	}
}

func TestClouds(t *testing.T) {
	for _, name := range append([]string{""}, entra.Clouds...) {
		if c, err := entra.CloudOf(name); err != nil || !strings.HasPrefix(c.Login, "https://login.") || !strings.Contains(c.Graph, "graph") {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if _, err := entra.CloudOf("mars"); err == nil {
		t.Error("an unknown cloud")
	}
	for _, bad := range []string{"http://example.com", "ftp://x", "https://u:p@x", "://", "https://x?y"} {
		if _, err := entra.CloudAt(bad); err == nil {
			t.Errorf("%s", bad)
		}
	}
}
