package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/config"
)

func inFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return name
}

// TestCheckDestinations: config check says what start-up would refuse, with the key, and no secret.
func TestCheckDestinations(t *testing.T) {
	authority := exportertest.NewAuthority(t)
	certificate, key := authority.Issue("sealwatch.example.com")
	open := inFile(t, "hunter2-hunter2-hunter2-hunter2", 0o644)
	token := inFile(t, "hunter2-hunter2-hunter2-hunter2\n", 0o600)
	splunk := func(edit func(*config.SplunkDestination)) config.Destination {
		b := &config.SplunkDestination{Collectors: []string{"https://splunk.example.com:8088"}, TokenFile: token}
		edit(b)
		return config.Destination{Name: "x", Splunk: b}
	}
	webhook := func(edit func(*config.WebhookDestination)) config.Destination {
		b := &config.WebhookDestination{URL: "https://soar.example.com/hook"}
		edit(b)
		return config.Destination{Name: "x", Webhook: b}
	}
	syslog := func(tls config.SyslogTLS) config.Destination {
		return config.Destination{Name: "x", Syslog: &config.SyslogDestination{Address: "siem.example.com:6514", Protocol: "tls", TLS: tls}}
	}
	filtered := func(ids ...string) config.Destination {
		d := webhook(func(*config.WebhookDestination) {})
		d.Filter.Detections = ids
		return d
	}
	const missing = "/nowhere/at-all"
	for name, c := range map[string]struct {
		d    config.Destination
		want []string // empty for what is right
	}{
		"splunk":                        {splunk(func(*config.SplunkDestination) {}), nil},
		"splunk, no token file":         {splunk(func(b *config.SplunkDestination) { b.TokenFile = missing }), []string{"destinations[0].splunk: token: expected an existing file: ", "no such file"}},
		"splunk, token for everybody":   {splunk(func(b *config.SplunkDestination) { b.TokenFile = open }), []string{"destinations[0].splunk: ", "found mode 0644"}},
		"splunk, empty token":           {splunk(func(b *config.SplunkDestination) { b.TokenFile = inFile(t, "\n", 0o600) }), []string{"the token is empty"}},
		"splunk, no variable":           {splunk(func(b *config.SplunkDestination) { b.TokenFile, b.TokenVariable = "", "NO_SUCH_VARIABLE" }), []string{"NO_SUCH_VARIABLE is not set"}},
		"splunk, no authorities":        {splunk(func(b *config.SplunkDestination) { b.CAFile = missing }), []string{"destinations[0].splunk: ", "no such file"}},
		"webhook":                       {webhook(func(b *config.WebhookDestination) { b.SecretFile, b.TokenFile = token, token }), nil},
		"webhook, no secret file":       {webhook(func(b *config.WebhookDestination) { b.SecretFile = missing }), []string{"destinations[0].webhook: secret: expected an existing file: ", "no such file"}},
		"webhook, secret for everybody": {webhook(func(b *config.WebhookDestination) { b.SecretFile = open }), []string{"found mode 0644"}},
		"webhook, token for everybody":  {webhook(func(b *config.WebhookDestination) { b.TokenFile = open }), []string{"found mode 0644"}},
		"webhook, no authorities":       {webhook(func(b *config.WebhookDestination) { b.CAFile = missing }), []string{"no such file"}},
		"syslog":                        {syslog(config.SyslogTLS{CAFile: authority.File, CertFile: certificate, KeyFile: key}), nil},
		"syslog, no authorities":        {syslog(config.SyslogTLS{CAFile: missing}), []string{"destinations[0].syslog: ", "no such file"}},
		"syslog, no certificate":        {syslog(config.SyslogTLS{CertFile: missing, KeyFile: key}), []string{"our own certificate", "no such file"}},
		"syslog, no key":                {syslog(config.SyslogTLS{CertFile: certificate, KeyFile: missing}), []string{"the key of our own certificate", "no such file"}},
		"filter":                        {filtered("impossible_travel", "source_access", "policy_whatever"), nil},
		"filter, mistyped":              {filtered("impossible_travle"), []string{`destinations[0].filter.detections: found "impossible_travle"`, "did you mean impossible_travel?"}},
		"filter, and no token": {func() config.Destination {
			d := splunk(func(b *config.SplunkDestination) { b.TokenFile = missing })
			d.Filter.Detections = []string{"nothing_like_it"}
			return d
		}(), []string{"nothing_like_it", "no such file"}},
	} {
		cfg := config.Default()
		cfg.Destinations = []config.Destination{c.d}
		err := checkDestinations(cfg)
		if (err != nil) != (len(c.want) > 0) || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range c.want {
			if !strings.Contains(fmt.Sprint(err), part) {
				t.Errorf("%s: %v lacks %q", name, err, part)
			}
		}
		x, started := openDestination(&c.d, slog.New(slog.DiscardHandler)) // as the service starts
		if (started != nil) != (err != nil) {
			t.Errorf("%s: the check says %v, start-up says %v", name, err, started)
		}
		if x != nil {
			_ = x.Close(t.Context())
		}
	}
}

// examined are the steps of a destination, as "outcome step: text".
func examined(t *testing.T, cfg config.Config, opt DoctorOptions) string {
	t.Helper()
	var b strings.Builder
	e := examination{source: "destination/x", report: func(s Step) { _, _ = fmt.Fprintf(&b, "%s %s: %s\n", s.Outcome, s.Name, s.Text) }}
	e.destination(t.Context(), cfg, cfg.Destinations[0], opt)
	return b.String()
}

// TestDoctorConnectsAsDelivery: addresses that delivery does not call are not called, TLS is by the destination's authorities, and
// without TLS there is a connection.
func TestDoctorConnectsAsDelivery(t *testing.T) {
	plainly := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was made") }))
	defer plainly.Close()
	secure := exportertest.NewHTTPReceiver(t, func(http.ResponseWriter, *http.Request) []exportertest.Delivery {
		t.Error("a request was made")
		return nil
	})
	defer secure.Close()
	named := strings.Replace(secure.URL(), "127.0.0.1", "localhost", 1)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		b    config.WebhookDestination
		want string
	}{
		"loopback":                    {config.WebhookDestination{URL: plainly.URL}, "ok TCP: connected from 127.0.0.1"},
		"nobody listens":              {config.WebhookDestination{URL: gone.URL}, "failed TCP: nothing can be reached at 127.0.0.1"},
		"TLS":                         {config.WebhookDestination{URL: secure.URL(), CAFile: secure.CAFile()}, "ok TLS: TLS 1.3"},
		"TLS of others":               {config.WebhookDestination{URL: secure.URL()}, "failed TLS: no TLS with"},
		"a private name":              {config.WebhookDestination{URL: named, CAFile: secure.CAFile()}, "is no address of the Internet; set allowPrivate"},
		"a private name, allowed":     {config.WebhookDestination{URL: named, CAFile: secure.CAFile(), AllowPrivate: true}, "failed TLS"}, // the certificate is for another name
		"a private address":           {config.WebhookDestination{URL: "https://10.255.255.1/"}, "10.255.255.1 is no address of the Internet"},
		"a service of the machine":    {config.WebhookDestination{URL: "https://169.254.169.254/"}, "169.254.169.254 is no address of the Internet"},
		"an address without firewall": {config.WebhookDestination{URL: "https://10.255.255.1/"}, "no connection is made"},
	} {
		cfg := config.Default()
		cfg.HTTPAddr = strings.TrimPrefix(gone.URL, "http://")
		cfg.Destinations = []config.Destination{{Name: "x", Webhook: &c.b}}
		if got := examined(t, cfg, DoctorOptions{}); !strings.Contains(got, c.want) || strings.Contains(got, "delivery") {
			t.Errorf("%s: %q is missing:\n%s", name, c.want, got)
		}
	}
}

// TestDoctorAsksTheService how the destination is doing, and whether anybody is whom its filter names.
func TestDoctorAsksTheService(t *testing.T) {
	answer := `{}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.EscapedPath() {
		case "/v1/destinations/x":
			_, _ = fmt.Fprint(w, answer)
		case "/v1/detections/impossible_travel", "/v1/users/ada@example.com/timeline":
			_, _ = fmt.Fprint(w, `{}`)
		case "/v1/alerts":
			_, _ = fmt.Fprint(w, map[bool]string{true: `{"alerts":[{}]}`, false: `{"alerts":[]}`}[r.URL.Query().Get("filter.users") == "Alan Turing"])
		case "/v1/directoryUsers":
			_, _ = fmt.Fprint(w, map[bool]string{true: `{"users":[{"displayName":"Grace Hopper"}]}`, false: `{"users":[{}],"nextPageToken":"2"}`}[r.URL.Query().Get("pageToken") == "2"])
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"code":5}`)
		}
	}))
	defer s.Close()
	cfg := config.Default()
	cfg.HTTPAddr = strings.TrimPrefix(s.URL, "http://")
	cfg.Destinations = []config.Destination{{Name: "x", File: &config.FileDestination{Path: filepath.Join(t.TempDir(), "alerts.ndjson")}}}
	hour := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, c := range []struct{ answer, want string }{
		{`{"state":"ok","pendingCount":3,"deadLetterCount":0}`, "ok delivery: it is ok; changes that wait: 3, dead letters: none"},
		{`{"state":"ok","deadLetterCount":2}`, "warning delivery: dead letters: 2; sealwatch exporters dead-letters list"},
		{`{"state":"paused","lastError":"token disabled","nextAttemptTime":"2026-11-22T10:00:00Z"}`, "warning delivery: it is paused: token disabled; next attempt 2026-11-22T10:00:00Z"},
		{`{"state":"ok","pendingCount":7,"oldestPendingTime":"` + hour + `"}`, "warning delivery: what waits (7) has waited since " + hour},
		{`{"state":"ok","oldestPendingTime":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`, "ok delivery"},
		{`<html>`, "ok settings"},
	} {
		answer = c.answer
		if got := examined(t, cfg, DoctorOptions{}); !strings.Contains(got, c.want) {
			t.Errorf("%q is missing:\n%s", c.want, got)
		}
	}
	answer = `{"state":"ok"}`
	cfg.Destinations[0].Filter = config.DestinationFilter{Detections: []string{"impossible_travel", "policy_gone"}, Users: []string{"ada@example.com", "alan turing", "Alan Turing", "grace hopper", "Ada Lovelace/nobody", "mallory@example.com"}}
	got := examined(t, cfg, DoctorOptions{})
	if !strings.Contains(got, "warning filter: no detection or policy has the id policy_gone; no event, no alert and no directory knows the user \"alan turing\"; no event, no alert and no directory knows the user \"Ada Lovelace/nobody\"; no event, no alert and no directory knows the user \"mallory@example.com\": nothing is sent of them") {
		t.Error(got)
	}
	cfg.Destinations[0].Name = "y"
	if got := examined(t, cfg, DoctorOptions{}); !strings.Contains(got, "warning delivery: the service that runs at") {
		t.Error(got)
	}
}

// TestDoctorOfATornFile says before --send what that will do.
func TestDoctorOfATornFile(t *testing.T) {
	path := inFile(t, "{}\n{\"name\":", 0o600)
	cfg := config.Default()
	cfg.HTTPAddr = "127.0.0.1:1"
	cfg.Destinations = []config.Destination{{Name: "x", File: &config.FileDestination{Path: path}}}
	for _, send := range []bool{false, true} {
		if got := examined(t, cfg, DoctorOptions{Send: send}); !strings.Contains(got, "warning file: ") || !strings.Contains(got, "its last line has no end (8 bytes)") {
			t.Errorf("--send %v:\n%s", send, got)
		}
	}
	if got := examined(t, cfg, DoctorOptions{}); !strings.Contains(got, "ok file: ") {
		t.Error(got)
	}
}
