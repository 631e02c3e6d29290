package app

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestWhatIsOffIsListed with the reason, so that nobody has to guess why a detection finds nothing.
func TestWhatIsOffIsListed(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	reasons := func(cfg config.Config) map[string]string {
		t.Helper()
		off, err := switchedOff(cfg, definitions)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, d := range off {
			if d.Title == "" || len(d.Parameters) == 0 {
				t.Errorf("%s is not described", d.ID)
			}
			all[d.ID] = d.Off
		}
		return all
	}
	cfg := config.Default()
	if got := reasons(cfg); len(got) != 1 || !strings.Contains(got["own_key"], "sources.monitor[].egress") {
		t.Errorf("by default: %v", got)
	}
	no := false
	cfg.Analysis.Detections = map[string]config.Detection{"failed_logins": {Enabled: &no}, "own_key": {Enabled: &no}}
	got := reasons(cfg)
	if len(got) != 2 || !strings.Contains(got["failed_logins"], "analysis.detections.failed_logins.enabled") || !strings.Contains(got["own_key"], "analysis.detections.own_key.enabled") {
		t.Errorf("switched off: %v", got)
	}
	cfg = config.Default()
	cfg.Sources.Monitor = []config.MonitorSource{{IntegrationKey: "ABC", Egress: []string{"192.0.2.0/24"}}}
	if got := reasons(cfg); len(got) != 0 {
		t.Errorf("all are on: %v", got)
	}
}
