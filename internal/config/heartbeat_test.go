package config

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func TestHeartbeatInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{"{}": 5 * time.Minute, "heartbeat: off": 0, "heartbeat: 0": 0, "heartbeat: 30s": 30 * time.Second, "heartbeat: 1h": time.Hour, "heartbeat: 1d": 24 * time.Hour,
		"heartbeat: 5s": -1, "heartbeat: 2d": -1, "heartbeat: often": -1, "heartbeat: -5m": -1} {
		var d Destination
		if err := yaml.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		d.Name, d.Webhook = "hook", &WebhookDestination{URL: "https://soar.example.com/x"}
		got, err := d.HeartbeatInterval()
		var p problems
		validateDestinations(&p, []Destination{d})
		if (err != nil) != (want < 0) || (len(p) > 0) != (want < 0) || want >= 0 && got != want {
			t.Errorf("%s: %v, %v, %v", text, got, err, p)
		}
		if want < 0 && !strings.Contains(p[0].Error(), "destinations[0].heartbeat") {
			t.Errorf("%s: %v", text, p)
		}
	}
}
