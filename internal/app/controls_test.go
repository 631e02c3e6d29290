package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestControlsBecomeAlerts: a listener that appears, and a setting that protects less, are events by nobody known and alerts of
// control_change; the first reading makes none, and a restart makes no second event.
func TestControlsBecomeAlerts(t *testing.T) {
	d := docusigntest.New(t)
	a := d.NewAccount(docusigntest.AccountID)
	a.Connect = []map[string]any{{"connectId": "1", "name": "Archive", "urlToPublishTo": "https://hook.example.com/x"}}
	a.Settings = map[string]any{"signerMustLoginToSign": "true", "accountName": "Example"}
	a.PasswordRules = map[string]any{"minimumPasswordLength": "12"}
	cfg := settings(t)
	cfg.Sources.Monitor = []config.MonitorSource{source(t, d)}
	cfg.Sources.DocuSign = []config.DocuSignSource{{Monitor: "main", Read: []string{config.ReadControls}}}
	s := polled(t, cfg)
	s.asked("controls/main", state("current"))
	s.end()

	d.Change(func(*docusigntest.Server) {
		a.Connect = append(a.Connect, map[string]any{"connectId": "2", "name": "Backup", "urlToPublishTo": "https://evil.example/in?key=hush", "password": "hush"})
		a.Settings["signerMustLoginToSign"] = "false"
	})
	s = polled(t, cfg)
	events := func() []any {
		return s.get("/v1/events?filter.sources=controls/main")["events"].([]any)
	}
	s.asked("controls/main", func(map[string]any) bool { return len(events()) == 2 })
	s.settled()
	found := map[string]map[string]any{}
	for range 200 {
		for _, one := range s.get("/v1/alerts?filter.detections=control_change")["alerts"].([]any) {
			m := one.(map[string]any)
			found[fmt.Sprint(m["evidence"].(map[string]any)["kind"])] = m
		}
		if len(found) == 2 {
			break
		}
		s.settled()
	}
	listener, auth := found["connect_listener"], found["authentication"]
	if listener == nil || auth == nil {
		t.Fatalf("alerts %v, events %v", found, events())
	}
	if listener["severity"] != "SEVERITY_HIGH" || listener["subject"].(map[string]any)["type"] != "organization" || listener["subject"].(map[string]any)["id"] != docusigntest.AccountID ||
		!strings.Contains(listener["title"].(string), "actor unknown") || !strings.Contains(listener["title"].(string), "ConnectConfiguration Created") {
		t.Errorf("alert %v", listener)
	}
	if auth["severity"] != "SEVERITY_HIGH" || !strings.Contains(auth["title"].(string), "switched off a required authentication") {
		t.Errorf("alert %v", auth)
	}
	for _, one := range events() {
		e := one.(map[string]any)
		if e["user"].(map[string]any)["id"] != "" || !strings.HasPrefix(e["eventId"].(string), "control-") || strings.Contains(fmt.Sprint(s.get("/v1/events/"+e["eventId"].(string))), "hush") {
			t.Errorf("event %v", e)
		}
	}
	s.end()
	s = polled(t, cfg)
	s.asked("controls/main", state("current"))
	if n := len(events()); n != 2 {
		t.Errorf("after a restart there are %d events", n)
	}
	d.Change(func(*docusigntest.Server) { a.Missing["connect"] = true })
	s.asked("controls/main", func(p map[string]any) bool {
		return p["state"] == "current" && strings.Contains(fmt.Sprint(p["warnings"]), "Connect listeners of "+docusigntest.AccountID+", which could be read before")
	})
	if lost := s.alertOf("source_access", "ALERT_STATE_NEW"); !strings.Contains(fmt.Sprint(lost["evidence"]), "controls/main/"+docusigntest.AccountID+"/connect_listener") || !strings.Contains(lost["title"].(string), "access to Connect listeners") {
		t.Errorf("alert %v", lost)
	}
}
