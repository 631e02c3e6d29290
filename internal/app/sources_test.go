package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

// polled is a service that reads a DocuSign in this process, with an interval that a test can wait for.
func polled(t *testing.T, cfg config.Config) *service {
	t.Helper()
	s, err := tryWith(t, cfg, app.Options{SourceInterval: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func source(t *testing.T, d *docusigntest.Server) config.MonitorSource {
	t.Helper()
	return config.MonitorSource{Name: "main", Environment: "demo", IntegrationKey: strings.ToUpper(docusigntest.IntegrationKey), UserID: docusigntest.UserID,
		PrivateKeyFile: d.KeyFile(t), CAFile: d.CAFile(t), Endpoint: d.URL}
}

// polling is the state of the source.
func (s *service) polling() (source, polling map[string]any) {
	s.t.Helper()
	for _, one := range s.get("/v1/status")["sources"].([]any) {
		if m := one.(map[string]any); m["source"] == "monitor/main" {
			return m, m["polling"].(map[string]any)
		}
	}
	s.t.Fatal("the status does not have the source")
	return nil, nil
}

// reaches waits until the source is in a state.
func (s *service) reaches(state string) map[string]any {
	s.t.Helper()
	var p map[string]any
	for range 600 {
		if _, p = s.polling(); p["state"] == state {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the source does not become %s: %v", state, p)
	return nil
}

// alertOf waits for the one alert of a detection in a state.
func (s *service) alertOf(detection, state string) map[string]any {
	s.t.Helper()
	var all []any
	for range 600 {
		all = s.get("/v1/alerts?filter.detections=" + detection)["alerts"].([]any)
		if len(all) == 1 && all[0].(map[string]any)["state"] == state {
			return all[0].(map[string]any)
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("no single alert of %s is %s: %v", detection, state, all)
	return nil
}

// TestDocuSignMonitorToAlert is the job as it is meant: DocuSign is read by itself, an attack in it is found, and a restart goes
// on where the last process ended.
func TestDocuSignMonitorToAlert(t *testing.T) {
	d := docusigntest.New(t)
	d.PageRecords = 10
	at := time.Now().Add(-2 * time.Hour)
	for i := range 25 {
		d.Add(at, docusigntest.Record(fmt.Sprintf("r-%d", i), at))
	}
	d.Add(at, strings.Split(strings.TrimSpace(travel(1, at)), "\n")...)
	d.Add(at, `{"timestamp":"soon","eventId":"broken"}`)
	d.Fail(docusigntest.PathV3, docusigntest.Status(401, ""), docusigntest.Cut, docusigntest.Gzip(true))
	cfg := settings(t)
	cfg.Sources.Monitor = []config.MonitorSource{source(t, d)}
	s := polled(t, cfg)
	p := s.reaches("current")
	s.settled()
	if a := s.alertOf("impossible_travel", "ALERT_STATE_NEW"); a["subject"].(map[string]any)["id"] != "user-1" {
		t.Errorf("alert %v", a)
	}
	one, _ := s.polling()
	if one["accepted"].(float64) != 27 || one["rejected"].(float64) != 1 || p["calls"].(float64) < 4 || p["lastError"] != "" || p["errors"].([]any)[0].(map[string]any)["kind"] != "network" {
		t.Errorf("status %v", one)
	}
	if e := s.get("/v1/events/a-1"); e["source"] != "monitor/main" || e["tenant"] != "default" {
		t.Errorf("event %v", e)
	}
	if metrics := s.text("/metrics"); !strings.Contains(metrics, `sealwatch_source_errors_total{kind="network",source="monitor/main"} 1`) || !strings.Contains(metrics, `sealwatch_source_pages_total{source="monitor/main"}`) ||
		strings.Contains(metrics, "secret-token") {
		t.Error("the metrics lack the source")
	}
	s.end()

	calls := len(d.Calls(docusigntest.PathV3))
	d.Add(time.Now(), docusigntest.Record("late", time.Now()))
	s = polled(t, cfg)
	s.reaches("current")
	if one, _ = s.polling(); one["accepted"].(float64) != 1 || one["duplicates"].(float64) != 0 {
		t.Errorf("after the restart: %v", one)
	}
	if c := d.Calls(docusigntest.PathV3)[calls]; c.Cursor != "aa_0_28" {
		t.Errorf("after the restart the first call has the cursor %q", c.Cursor)
	}
}

// TestLostAccessIsAnAlert: consent that is withdrawn becomes an alert in the ordinary stream, one over a restart, which is
// resolved when the consent is back.
func TestLostAccessIsAnAlert(t *testing.T) {
	d := docusigntest.New(t)
	cfg := settings(t)
	cfg.Sources.Monitor = []config.MonitorSource{source(t, d)}
	s := polled(t, cfg)
	s.reaches("current")
	d.Change(func(d *docusigntest.Server) { d.Consents = nil })
	d.RevokeTokens()
	p := s.reaches("refused")
	if !strings.Contains(p["lastError"].(string), "https://account-d.docusign.com/oauth/auth?") {
		t.Errorf("status %v", p)
	}
	a := s.alertOf("source_access", "ALERT_STATE_NEW")
	evidence := a["evidence"].(map[string]any)
	if a["severity"] != "SEVERITY_HIGH" || a["subject"].(map[string]any)["type"] != "source" || !strings.Contains(a["title"].(string), "consent is missing") ||
		evidence["kind"] != "consent" || !strings.Contains(evidence["problem"].(string), "client_id="+docusigntest.IntegrationKey) || !strings.Contains(a["rerun"].(string), "alert_history") {
		t.Errorf("alert %v", a)
	}
	found := s.get("/v1/detections/source_access")
	if state := found["status"].(map[string]any); state["state"] != "DETECTION_STATE_OK" || state["activeAlerts"].(float64) != 1 {
		t.Errorf("detection %v", found)
	}
	s.end()
	s = polled(t, cfg)
	s.reaches("refused")
	time.Sleep(200 * time.Millisecond)
	if again := s.alertOf("source_access", "ALERT_STATE_NEW"); again["name"] != a["name"] {
		t.Errorf("after a restart there is another alert: %v", again)
	}
	d.Change(func(d *docusigntest.Server) {
		d.Consents = map[string]bool{"signature": true, "impersonation": true, "organization_read": true}
	})
	s.reaches("current")
	back := s.alertOf("source_access", "ALERT_STATE_RESOLVED")
	if back["name"] != a["name"] || back["evidence"].(map[string]any)["restored"] == nil {
		t.Errorf("alert %v", back)
	}
}

// TestKeyThatOthersCanReadIsRefused at the start, by config check, too.
func TestKeyThatOthersCanReadIsRefused(t *testing.T) {
	d := docusigntest.New(t)
	cfg := settings(t)
	cfg.Sources.Monitor = []config.MonitorSource{source(t, d)}
	if err := app.Check(cfg); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.Sources.Monitor[0].PrivateKeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	for where, err := range map[string]error{"sources.monitor[0]": app.Check(cfg), "monitor/main": second(try(t, cfg))} {
		if err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), "0644") {
			t.Errorf("found %v, expected %s and the mode", err, where)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// text is the body of an answer.
func (s *service) text(path string) string {
	s.t.Helper()
	r, err := http.Get("http://" + s.at.HTTP + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// TestTwoSources are read side by side, each with its own position, generation and state; one that fails does not hold up the
// other, and what both bring counts once.
func TestTwoSources(t *testing.T) {
	one, two := docusigntest.New(t), docusigntest.New(t)
	at := time.Now().Add(-time.Hour)
	one.Add(at, docusigntest.Record("a", at), docusigntest.Record("both", at))
	two.Add(at, docusigntest.Record("both", at), docusigntest.Record("b", at), docusigntest.Record("c", at))
	cfg := settings(t)
	second := source(t, two)
	second.Name, second.API = "second", "v2"
	cfg.Sources.Monitor = []config.MonitorSource{source(t, one), second}
	s := polled(t, cfg)
	s.stored(4)
	one.Change(func(d *docusigntest.Server) { d.Entitled = false })
	if p := s.reaches("refused"); !strings.Contains(p["lastError"].(string), "Monitor") {
		t.Errorf("status %v", p)
	}
	two.Add(time.Now(), docusigntest.Record("d", time.Now()))
	s.stored(5)
	if len(two.Calls(docusigntest.PathV2)) == 0 || len(two.Calls(docusigntest.PathV3)) != 0 {
		t.Error("the second source is not read by v2")
	}
	metrics := s.text("/metrics")
	for _, name := range []string{"main", "second"} {
		if !strings.Contains(metrics, `sealwatch_source_behind_seconds{source="monitor/`+name+`"}`) {
			t.Errorf("the metrics lack %s", name)
		}
	}
	if a := s.alertOf("source_access", "ALERT_STATE_NEW"); a["subject"].(map[string]any)["id"] != "monitor/main" {
		t.Errorf("alert %v", a)
	}
}
