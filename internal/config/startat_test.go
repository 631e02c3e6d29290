package config

import (
	"strings"
	"testing"
	"time"
)

func TestStartAtInTheFuture(t *testing.T) {
	for at, want := range map[string]bool{"2020-01-01": false, time.Now().UTC().Format(time.DateOnly): false, time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339): true} {
		var p problems
		validateDestinations(&p, []Destination{{Name: "hook", StartAt: at, Webhook: &WebhookDestination{URL: "https://soar.example.com/x"}}})
		if got := len(p) == 1 && strings.Contains(p[0].Error(), "in the future"); got != want {
			t.Errorf("%s: %v", at, p)
		}
	}
}
