package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
)

// TestDoctor tries everything.
func TestDoctor(t *testing.T) {
	d := docusigntest.New(t)
	d.Add(time.Now(), docusigntest.Record("a", time.Now()))
	siem := listenForLine(t)
	dir := t.TempDir()
	put := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	put("exits.txt", "192.0.2.1\n198.51.100.0/24\n")
	good := put("good.yaml", fmt.Sprintf(`
httpAddr: 127.0.0.1:1 # where nobody listens, whatever else runs on the machine
sources: {monitor: [{name: main, environment: demo, integrationKey: %s, userId: %s, privateKeyFile: %s, caFile: %s, endpoint: %q}]}
feeds: [{name: exits, url: exits.txt, format: plain, category: risky}]
destinations: [{name: siem, syslog: {address: %q}}]
ingest: {cityDatabases: [], asnDatabases: []}
`, docusigntest.IntegrationKey, docusigntest.UserID, d.KeyFile(t), d.CAFile(t), d.URL, siem.address))
	ask := func(args ...string) (int, string) {
		var out bytes.Buffer
		p := &process{out: &out, err: &out, now: time.Now}
		code := p.run(t.Context(), append([]string{"doctor"}, args...))
		return code, out.String()
	}
	names := []string{"configuration", "geo", "monitor", "feed", "destination/siem", "service"} // the engine has tests of its own
	code, out := ask(append(names, "--config", good)...)
	if code != 0 || strings.Contains(out, "failed") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	for _, want := range []string{"ok        configuration  detections", "warning   geo  databases: there is no city database", "ok        monitor/main  TLS: TLS 1.3", "ok        monitor/main  page of events",
		"ok        feed/exits  list: 2 networks", "ok        destination/siem  TCP", "skipped   destination/siem  test message: --send", "ok        service  listener: it does not run"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if got := siem.line(); got != "" {
		t.Errorf("a message was sent without --send: %s", got)
	}
	if code, out = ask("destination", "--send", "--config", good); code != 0 || !strings.Contains(out, "ok        destination/siem  test message") || strings.Contains(out, "monitor") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if got := siem.wait(); !strings.Contains(got, "Test message of sealwatch doctor") || !strings.Contains(got, "sealwatch-doctor-test") {
		t.Errorf("the receiver has %q", got)
	}
	put("exits.txt", "<html>\n")
	d.Consents = nil
	if code, out = ask("feed", "monitor", "--config", good, "-o", "json"); code != 1 || strings.Count(out, `"failed"`) != 2 || !strings.Contains(out, "1 of 1 entries cannot be read") || !strings.Contains(out, "consent") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, out = ask("everything", "--config", good); code != 1 || !strings.Contains(out, "expected one of configuration, engine, service, geo, monitor/main, feed/exits, destination/siem") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, out = ask("--config", put("bad.yaml", "tenat: x\n"), "-o", "json"); code != 1 || !strings.Contains(out, `"outcome": "failed"`) || !strings.Contains(out, "unknown key") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
