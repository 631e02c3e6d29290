package payload_test

import (
	"fmt"
	"testing"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func TestAddressesAtIssueComeFirst(t *testing.T) {
	settings := payload.Settings{Detection: func(id string) (payload.Detection, bool) {
		return payload.Detection{Title: "A detection", AddressPath: map[string]string{"deep": "to.ipAddress", "many": "steps.at.ipAddress"}[id]}, id == "deep" || id == "many"
	}}.Complete()
	for _, c := range []struct {
		detection, subject, evidence, want, title string
	}{
		{"deep", "u", `{"from": {"ipAddress":"192.0.2.1"}, "to": {"ipAddress":"198.51.100.7"}}`, "[198.51.100.7 192.0.2.1]", "A detection"},
		{"many", "u", `{"own":"192.0.2.1","steps":[{"at":{"ipAddress":"2001:db8::1"}},{"at":{"ipAddress":"198.51.100.7"}},{"at":{}}]}`, "[2001:db8::1 198.51.100.7 192.0.2.1]", "A detection"},
		{"deep", "u", `{"to": [1, null, {"ipAddress": 7}]}`, "[]", "A detection"},
		{"deep", "u", `no JSON`, "[]", "A detection"},
		{"other", "u", `{"ipAddress":"::ffff:192.0.2.1","again":"192.0.2.1"}`, "[192.0.2.1]", "other"},
		{"other", "u", `{"network":"198.51.100.0","ipAddresses":["198.51.100.7"]}`, "[198.51.100.7]", "other"},
		{"policy_x", "u", `{"policy":"Mass download","ipAddresses":["198.51.100.7"],"alsoSeen":"192.0.2.1"}`, "[198.51.100.7 192.0.2.1]", "Mass download"},
	} {
		change := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: "a", Finding: alert.Finding{Detection: c.detection, Subject: alert.Subject{Type: "user", ID: c.subject}, Evidence: c.evidence}}}
		d := exporters.NewDocument(&change)
		v := settings.View(&change, &d)
		if got := fmt.Sprint(v.Addresses); got != c.want || v.Detection.Title != c.title {
			t.Errorf("%s: addresses %s of %q, want %s of %q", c.evidence, got, v.Detection.Title, c.want, c.title)
		}
	}
}
