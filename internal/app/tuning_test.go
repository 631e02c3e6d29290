package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestOwnKeyElsewhere: the key of the source is used from an address that is not named in its egress.
func TestOwnKeyElsewhere(t *testing.T) {
	d := docusigntest.New(t)
	at := time.Now().Add(-time.Hour)
	for i, ip := range []string{"192.0.2.10", "203.0.113.66"} {
		r := strings.Replace(docusigntest.Record(fmt.Sprintf("k-%d", i), at), `"ipAddress":"198.51.100.7"`, fmt.Sprintf(`"ipAddress":%q,"integratorKey":%q`, ip, docusigntest.IntegrationKey), 1)
		d.Add(at, r)
	}
	cfg := settings(t)
	m := source(t, d)
	m.Egress = []string{"192.0.2.0/24"}
	cfg.Sources.Monitor = []config.MonitorSource{m}
	s := polled(t, cfg)
	s.reaches("current")
	a := s.alertOf("own_key", "ALERT_STATE_NEW")
	if a["severity"] != "SEVERITY_CRITICAL" || a["subject"].(map[string]any)["id"] != docusigntest.IntegrationKey || fmt.Sprint(a["eventIds"]) != "[k-1]" {
		t.Errorf("alert %v", a)
	}
}

// TestOwnKeyIsOffWithoutEgress: a detection that cannot look for anything says so, and why.
func TestOwnKeyIsOffWithoutEgress(t *testing.T) {
	s := run(t, settings(t))
	for _, one := range s.get("/v1/detections?pageSize=100")["detections"].([]any) {
		d := one.(map[string]any)
		if d["name"] != "detections/own_key" {
			continue
		}
		status := d["status"].(map[string]any)
		if reason, _ := status["offReason"].(string); status["state"] != "DETECTION_STATE_OFF" || !strings.Contains(reason, "egress") {
			t.Errorf("%v", status)
		}
		return
	}
	t.Error("own_key is not listed")
}
