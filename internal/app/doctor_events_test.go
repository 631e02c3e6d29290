package app

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

// TestDoctorTellsOfForwarding: whether events are forwarded, which, and how far.
func TestDoctorTellsOfForwarding(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	some := &config.DestinationEvents{Presets: []string{"authentication"}, Activities: []string{"export"}, Outcome: "failure", Users: []string{"ann"}}
	for name, c := range map[string]struct {
		configured *config.DestinationEvents
		now        *streamStatus
		state      string
		want       []string
	}{
		"none":               {nil, nil, StepOK, []string{"none are forwarded", "events: {}"}},
		"all, far enough":    {&config.DestinationEvents{}, &streamStatus{State: "ok", Delivered: 12, LastSuccessTime: at}, StepOK, []string{"forwarded are: all; every stored event has been looked at, 12 sent since the start, the last at 2026-05-01T08:00:00Z"}},
		"some, on the way":   {some, &streamStatus{State: "ok", Pending: 7, OldestPendingTime: time.Now()}, StepOK, []string{"authentication, export, those with the outcome failure, of ann; stored events that were not looked at yet: 7", "none was to be sent"}},
		"paused":             {some, &streamStatus{State: "paused", LastError: "401", DeadLetters: 2, NextAttemptTime: at}, StepWarning, []string{"it is paused: 401; next attempt 2026-05-01T08:00:00Z", "dead letters: 2", "--destination siem/events"}},
		"late":               {some, &streamStatus{State: "ok", Pending: 7, OldestPendingTime: at}, StepWarning, []string{"what waits (7) has waited since 2026-05-01T08:00:00Z"}},
		"another, without":   {some, nil, StepWarning, []string{"the service that runs does not"}},
		"another, with some": {nil, &streamStatus{State: "ok"}, StepWarning, []string{"the service that runs forwards events"}},
	} {
		state, said, err := forwarding(&config.Destination{Name: "siem", Events: c.configured}, c.now)
		if err != nil || state != c.state {
			t.Errorf("%s: %s, %v: %s", name, state, err, said)
		}
		for _, w := range c.want {
			if !strings.Contains(said, w) {
				t.Errorf("%s: %q does not have %q", name, said, w)
			}
		}
	}
}
