package analytics_test

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestWhatOthersDidIsShown: the events of an alert about a sender are those of the recipients, which do not name the sender as who acted.
func TestWhatOthersDidIsShown(t *testing.T) {
	guide := analytics.Guide(nil, nil, nil)
	for detection, want := range map[string]string{
		"recipient_declines":       "WHERE (user_id = 'ann' OR affected_user_id = 'ann') AND ts",
		"recipient_authentication": "WHERE (user_id = 'ann' OR affected_user_id = 'ann') AND ts",
		"envelope_voids":           "WHERE user_id = 'ann' AND ts",
	} {
		g := guide(&alert.Alert{Finding: alert.Finding{Detection: detection, Subject: alert.Subject{Type: "user", ID: "ann"}}})
		if !strings.Contains(g.AllEvents, want) {
			t.Errorf("%s: %s", detection, g.AllEvents)
		}
	}
}
