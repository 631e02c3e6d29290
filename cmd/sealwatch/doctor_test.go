package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/entra/entratest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// doctor runs the command on a DocuSign in this process.
func doctor(t *testing.T, d *docusigntest.Server, more string, args ...string) (code int, out, problems string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf("sources: {monitor: [{name: main, environment: demo, integrationKey: %s, userId: %s, privateKeyFile: %s, caFile: %s, endpoint: %q%s}]}\n",
		docusigntest.IntegrationKey, docusigntest.UserID, d.KeyFile(t), d.CAFile(t), d.URL, more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	p := &process{out: &o, err: &e, now: time.Now}
	code = p.run(context.Background(), append([]string{"doctor", "monitor", "--config", file}, args...))
	return code, o.String(), e.String()
}

func TestDoctorMonitor(t *testing.T) {
	d := docusigntest.New(t)
	d.Add(time.Now(), docusigntest.Record("a", time.Now()))
	code, out, problems := doctor(t, d, "")
	if code != 0 || strings.Count(out, "ok  ") != 9 || !strings.Contains(out, "API host: 127.0.0.1 is an address, TLS 1.3") || !strings.Contains(out, "1 events") || !strings.Contains(out, docusigntest.OrganizationID) || problems != "" {
		t.Errorf("code %d:\n%s%s", code, out, problems)
	}
	code, out, _ = doctor(t, d, ", api: v2", "main", "-o", "json")
	var steps []map[string]string
	if err := json.Unmarshal([]byte(out), &steps); err != nil || code != 0 || len(steps) != 9 || steps[6]["outcome"] != "ok" || steps[6]["source"] != "monitor/main" || !strings.Contains(steps[6]["text"], "v2") {
		t.Errorf("code %d, %v:\n%s", code, err, out)
	}
	if code, _, problems = doctor(t, d, "", "other"); code != 1 || !strings.Contains(problems, `no source "other" is configured; expected one of main`) {
		t.Errorf("code %d: %s", code, problems)
	}
}

// TestDoctorMonitorExplains: the first step that fails says what to do, and the others are not tried.
func TestDoctorMonitorExplains(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*docusigntest.Server)
		words  []string
	}{
		{"consent", func(d *docusigntest.Server) { d.Consents = nil }, []string{"failed    monitor/main  token: nobody has given consent", "redirect_uri=https%3A%2F%2Fa.example", "skipped   monitor/main  page of events\n"}},
		{"several organisations", func(d *docusigntest.Server) { d.Organizations = append(d.Organizations, d.Organizations...) }, []string{"failed    monitor/main  organisation: the user is administrator of 2"}},
		{"entitlement", func(d *docusigntest.Server) { d.Entitled = false }, []string{"failed    monitor/main  page of events: the organisation has no DocuSign Monitor", "skipped   monitor/main  call budget\n"}},
		{"nothing happened", func(*docusigntest.Server) {}, []string{"warning   monitor/main  page of events: ", "e-mail domain"}},
		{"little budget", func(d *docusigntest.Server) { d.UseUp(2900) }, []string{"warning   monitor/main  call budget: only 98 of 3000"}},
		{"slow clock", func(d *docusigntest.Server) { d.Now = func() time.Time { return time.Now().Add(50 * time.Second) } }, []string{"warning   monitor/main  clock: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := docusigntest.New(t)
			c.change(d)
			code, out, _ := doctor(t, d, `, redirectUri: "https://a.example"`)
			for _, w := range c.words {
				if !strings.Contains(out, w) {
					t.Errorf("%q is not in\n%s", w, out)
				}
			}
			if failed := strings.Contains(out, "failed"); failed != (code == 1) || strings.Contains(out, "secret-token") {
				t.Errorf("code %d:\n%s", code, out)
			}
		})
	}
}

// TestDoctorDocuSign: users with those whom Monitor does not see, and consent that is missing.
func TestDoctorDocuSign(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*docusigntest.Server)
		code   int
		words  []string
	}{
		{"all is well", func(d *docusigntest.Server) {
			d.Domains = []map[string]any{{"id": "d1", "host_name": "example.com", "status": "active"}}
		}, 0, []string{"ok        docusign/main  users: 1 users on the first pages, all in claimed domains", "ok        docusign/main  accounts: Account 5a", "ok        docusign/main  controls: 0 Connect listeners, 1 domains", "1 settings"}},
		{"no domain", func(*docusigntest.Server) {}, 0, []string{"warning   docusign/main  users: 1 users on the first pages; DocuSign Monitor sees only users of claimed domains: 1 of 1 users are outside", "ann@example.com"}},
		{"no consent", func(d *docusigntest.Server) { delete(d.Consents, "user_read") }, 1, []string{"failed    docusign/main  token: nobody has given consent", "user_read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := docusigntest.New(t)
			a := d.NewAccount(docusigntest.AccountID)
			a.Settings, a.PasswordRules = map[string]any{"sessionTimeout": "20"}, map[string]any{"minimumPasswordLength": "8"}
			a.Users = []map[string]any{{"userId": docusigntest.UserID, "userName": "Ann", "email": "ann@example.com", "userStatus": "Active"}}
			c.change(d)
			file := filepath.Join(t.TempDir(), "c.yaml")
			text := fmt.Sprintf("sources: {monitor: [{name: main, environment: demo, integrationKey: %s, userId: %s, privateKeyFile: %s, caFile: %s, endpoint: %q}], docusign: [{monitor: main}]}\n",
				docusigntest.IntegrationKey, docusigntest.UserID, d.KeyFile(t), d.CAFile(t), d.URL)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var o, e bytes.Buffer
			p := &process{out: &o, err: &e, now: time.Now}
			code := p.run(context.Background(), []string{"doctor", "docusign", "--config", file})
			for _, w := range c.words {
				if !strings.Contains(o.String(), w) {
					t.Errorf("%q is not in\n%s%s", w, o.String(), e.String())
				}
			}
			if code != c.code || strings.Contains(o.String(), "secret-token") {
				t.Errorf("code %d:\n%s", code, o.String())
			}
		})
	}
}

// TestDoctorEntra: each step of a tenant, and what is wrong with one.
func TestDoctorEntra(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*entratest.Server)
		more   string
		code   int
		words  []string
	}{
		{"all is well", func(s *entratest.Server) { s.Put("p", nil) }, "", 0, []string{"ok        directory/entra  token: ", "ok        directory/entra  groups: none"}},
		{"groups", func(s *entratest.Server) {
			s.Put("p", nil)
			s.Group("0a1b2c3d-1111-4222-8333-444455556666", "Finance", "p")
		}, ", groups: [0a1b2c3d-1111-4222-8333-444455556666]", 0, []string{`groups: members of "Finance" with 1`}},
		{"no permission", func(s *entratest.Server) { s.Permissions = nil }, "", 1, []string{"failed    directory/entra  page of people: the application may not read users (User.Read.All)", "skipped   directory/entra  groups"}},
		{"nobody", func(*entratest.Server) {}, "", 0, []string{"warning   directory/entra  page of people: "}},
		{"no such group", func(s *entratest.Server) { s.Put("p", nil) }, ", groups: [0a1b2c3d-1111-4222-8333-444455556666]", 1, []string{"failed    directory/entra  groups: the group 0a1b2c3d"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := entratest.New(t)
			c.change(d)
			file := filepath.Join(t.TempDir(), "c.yaml")
			text := fmt.Sprintf("sources: {entra: [{name: entra, tenantId: %s, clientId: %s, clientSecretFile: %s, caFile: %s, endpoint: %q%s}]}\n",
				entratest.TenantID, entratest.ClientID, d.SecretFile(t), d.CAFile(t), d.URL, c.more)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var o, e bytes.Buffer
			p := &process{out: &o, err: &e, now: time.Now}
			code := p.run(context.Background(), []string{"doctor", "entra", "--config", file})
			for _, w := range c.words {
				if !strings.Contains(o.String(), w) {
					t.Errorf("%q is not in\n%s%s", w, o.String(), e.String())
				}
			}
			if code != c.code || strings.Contains(o.String(), entratest.Secret) {
				t.Errorf("code %d:\n%s", code, o.String())
			}
		})
	}
}

func TestReadSince(t *testing.T) {
	with := func() *config.Config {
		return &config.Config{Sources: config.Sources{Monitor: []config.MonitorSource{{Name: "a", Since: "2025-01-01"}, {Name: "b"}}}}
	}
	cfg := with()
	if err := readSince(cfg, "2021-05-06"); err != nil || cfg.Sources.Monitor[0].Since != "2021-05-06" || cfg.Sources.Monitor[1].Since != "2021-05-06" {
		t.Errorf("%v, %v", err, cfg.Sources)
	}
	if err := readSince(with(), "2020-05-06"); err == nil || !strings.Contains(err.Error(), "2021-01-01") {
		t.Errorf("too early: %v", err)
	}
	if err := readSince(&config.Config{}, "2021-05-06"); err == nil || !strings.Contains(err.Error(), "no source") {
		t.Errorf("no source: %v", err)
	}
	if cfg = with(); readSince(cfg, "") != nil || cfg.Sources.Monitor[0].Since != "2025-01-01" {
		t.Errorf("nothing said: %v", cfg.Sources)
	}
}
