package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// screen is what a person sees, and types into when something appears.
type screen struct {
	mu    sync.Mutex
	text  strings.Builder
	keys  *io.PipeWriter
	react func(all string) (typed string, done bool)
	seen  int
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	s.text.Write(b)
	all := s.text.String()[s.seen:]
	s.mu.Unlock()
	if strings.HasSuffix(all, "> ") {
		s.mu.Lock()
		s.seen = s.text.Len()
		s.mu.Unlock()
		if typed, over := s.react(all); over {
			_ = s.keys.Close()
		} else {
			go func() { _, _ = io.WriteString(s.keys, typed+"\n") }()
		}
	}
	return len(b), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestConnectDocuSign plays a person who gives wrong answers at first, uploads the public key, and gives consent when asked for
// the second time.
func TestConnectDocuSign(t *testing.T) {
	d := docusigntest.New(t)
	d.Consents = nil
	at := time.Now().Add(-time.Hour)
	d.Add(at, docusigntest.Record("a", at), docusigntest.Record("b", at))
	t.Chdir(t.TempDir())
	keyFile, err := filepath.Abs("docusign.pem") // what an empty line takes
	if err != nil {
		t.Fatal(err)
	}
	in, keys := io.Pipe()
	answers := map[string][]string{
		"1.": {"prod", "demo"}, "2.": {"my key", docusigntest.IntegrationKey}, "3.": {filepath.Join(t.TempDir(), "none", "k.pem"), ""},
		"4.": {docusigntest.UserID}, "5.": {"example.com", "https://a.example/consent"}, "Press Enter": {"", ""},
	}
	question := regexp.MustCompile(`\d\.|Press Enter`)
	asked := ""
	s := &screen{keys: keys}
	s.react = func(all string) (string, bool) {
		if found := question.FindAllString(all, -1); len(found) > 0 {
			asked = found[len(found)-1]
		}
		left := answers[asked]
		if len(left) == 0 {
			return "", true
		}
		if answers[asked] = left[1:]; asked == "Press Enter" && len(left) == 1 {
			d.Change(func(d *docusigntest.Server) {
				d.Consents = map[string]bool{"signature": true, "impersonation": true, "organization_read": true}
			})
		}
		if asked == "4." { // by now the person has uploaded the key that was shown
			d.Change(func(d *docusigntest.Server) { d.Public = uploaded(t, s.String()) })
		}
		return left[0], false
	}
	var out bytes.Buffer
	p := &process{in: in, out: &out, err: s, now: time.Now}
	code := p.run(t.Context(), []string{"connect", "docusign", "--endpoint", d.URL, "--ca-file", d.CAFile(t)})
	text := s.String()
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, text)
	}
	for _, want := range []string{`found "prod", expected production or demo`, `found "my key", expected a GUID`, "expected a file in a folder that is there", `found "example.com"`,
		"https://account-d.docusign.com/oauth/auth?response_type=code&scope=signature%20impersonation%20organization_read&client_id=" + docusigntest.IntegrationKey + "&redirect_uri=https%3A%2F%2Fa.example%2Fconsent",
		"consent is still missing", "Enter takes docusign.pem", "6. Consent is given.", "ok        organisation: " + docusigntest.OrganizationID, "ok        page of events: DocuSign lets the user read: 2 events"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the screen:\n%s", want, text)
		}
	}
	if f, err := os.Stat(keyFile); err != nil || f.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", f.Mode(), err)
	}
	if strings.Contains(text+out.String(), "PRIVATE KEY-----") || strings.Contains(text, "secret-token") {
		t.Error("a secret is on the screen")
	}
	// what is printed is a configuration that works
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{File: file})
	if err != nil || len(cfg.Sources.Monitor) != 1 || cfg.Sources.Monitor[0].OrganizationID != docusigntest.OrganizationID || cfg.Sources.Monitor[0].PrivateKeyFile != keyFile {
		t.Fatalf("%v:\n%s", err, out.String())
	}
	var again bytes.Buffer
	p = &process{out: &again, err: &again, now: time.Now}
	if code := p.run(t.Context(), []string{"doctor", "monitor", "--config", file}); code != 0 {
		t.Errorf("the doctor finds:\n%s", again.String())
	}
}

// uploaded is the public key on a screen.
func uploaded(t *testing.T, text string) *rsa.PublicKey {
	t.Helper()
	i := strings.Index(text, "-----BEGIN PUBLIC KEY")
	block, _ := pem.Decode([]byte(text[max(0, i):]))
	if block == nil {
		t.Errorf("no public key is on the screen:\n%s", text)
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Error(err)
		return nil
	}
	return key.(*rsa.PublicKey)
}

// TestConnectDocuSignWithFlags needs nobody to ask.
func TestConnectDocuSignWithFlags(t *testing.T) {
	d := docusigntest.New(t)
	d.Add(time.Now(), docusigntest.Record("a", time.Now()))
	other := docusigntest.New(t)
	flags := func(more ...string) []string {
		return append([]string{"connect", "docusign", "--environment", "demo", "--integration-key", docusigntest.IntegrationKey, "--user-id", docusigntest.UserID, "--private-key", d.KeyFile(t),
			"--redirect-uri", "https://a.example", "--endpoint", d.URL, "--ca-file", d.CAFile(t)}, more...)
	}
	for _, c := range []struct {
		name   string
		change func(*docusigntest.Server)
		args   []string
		code   int
		words  string
	}{
		{"all is well", func(*docusigntest.Server) {}, flags("--name", "second", "--since", "2026-01-01"), 0, "8. It works"},
		{"api v2", func(*docusigntest.Server) {}, flags("--api", "v2"), 0, "needs none"},
		{"a wrong flag", func(*docusigntest.Server) {}, flags("--user-id", "me"), exitUsage, `--user-id: found "me", expected a GUID`},
		{"a wrong date", func(*docusigntest.Server) {}, flags("--since", "1999-01-01"), exitUsage, "--since: found"},
		{"nobody to ask", func(*docusigntest.Server) {}, []string{"connect", "docusign"}, exitUsage, "--environment: not given, and there is nobody to ask"},
		{"no entitlement", func(d *docusigntest.Server) { d.Entitled = false }, flags(), exitError, "the organisation has no DocuSign Monitor"},
		{"another key", func(d *docusigntest.Server) { d.Public = &other.Key.PublicKey }, flags(), exitError, "the private key does not belong to the integration key"},
		{"no consent, nobody to ask", func(d *docusigntest.Server) { d.Public, d.Consents = &d.Key.PublicKey, nil }, flags(), exitUsage, "consent is missing, and there is nobody to ask"},
		{"no consent in time", func(*docusigntest.Server) {}, flags("--wait", "1ms"), exitError, "Nobody gave consent within 1ms"},
	} {
		d.Change(c.change)
		var out, errs bytes.Buffer
		p := &process{in: strings.NewReader(""), out: &out, err: &errs, now: time.Now}
		if code := p.run(t.Context(), c.args); code != c.code || !strings.Contains(errs.String(), c.words) {
			t.Errorf("%s: exit code %d, expected %d and %q:\n%s", c.name, code, c.code, c.words, errs.String())
		}
		var section struct {
			Sources struct{ Monitor []config.MonitorSource }
		}
		if err := yaml.Unmarshal(out.Bytes(), &section); err != nil || (len(section.Sources.Monitor) == 1) != (c.code == 0) {
			t.Errorf("%s: %v, standard output:\n%s", c.name, err, out.String())
		}
	}
}
