package main

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestAnAlertTellsItsEvidence: what an alert says is to be looked at has to be there.
func TestAnAlertTellsItsEvidence(t *testing.T) {
	var people []any
	for i := range 23 {
		people = append(people, fmt.Sprintf("person-%02d", i))
	}
	for _, c := range []struct {
		name      string
		evidence  map[string]any
		says, not []string
	}{
		{"docusign_alert", map[string]any{"alert": "TooManyEnvelopesDeleted", "docusignSays": "many were deleted", "nextStep": "Restore them.", "count": 40.0, "average": 2.5, "city": "", "severityReason": "by DocuSign"},
			[]string{"  facts   DocuSign says: many were deleted\n          next step: Restore them.\n", "usual, by DocuSign: 2.5\n", "DocuSign counted 40\n"}, []string{"place", "severity reason"}},
		{"unusual_impersonation", map[string]any{"userList": people, "newUsers": 23.0}, []string{"users: person-00, ", "person-19, and 3 more\n", "for 23 of them it never did before\n"}, []string{"person-20"}},
		{"failed_logins", map[string]any{"failures": 9.0, "threshold": 5.0, "userLimit": 12.0, "usualFailures": 0.0, "succeeded": true, "evenIntervals": false},
			[]string{"usual for the user: no failures\n", "more than usual begins at 12 failures\n", "not at even intervals\n", "9 failures, 5 are enough"}, []string{"failures: 9", "threshold:", "succeeded:"}},
		{"infrequent_country", map[string]any{"networkKnownDays": 3.0, "at": map[string]any{"time": "2026-03-02T10:00:00Z", "city": "tokyo", "eventId": "e7", "latitude": 35.6},
			"before": []any{map[string]any{"time": "2026-03-01T10:00:00Z", "city": "london"}, map[string]any{"city": "bonn"}}},
			[]string{"network known from 3 days\n", "here: 2026-03-02T10:00:00Z, city Tokyo\n", "before: 2026-03-01T10:00:00Z, city London\n", "before: city Bonn\n"}, []string{"e7", "35.6"}},
		{"unusual_admin", map[string]any{"from": []any{map[string]any{"city": "oslo"}}}, []string{"from: city Oslo\n"}, nil},
		{"hostile", map[string]any{"reasons": []any{"red \x1b[31m" + strings.Repeat("x", 400)}}, []string{`red \x1b[31mxxx`, "xxx…\n"}, []string{strings.Repeat("x", 300), "\x1b"}},
	} {
		evidence, err := structpb.NewStruct(c.evidence)
		if err != nil {
			t.Fatal(err)
		}
		text := alertWhole(&sealwatchv1.Alert{Detection: c.name, Evidence: evidence})
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: %q is not in\n%s", c.name, s, text)
			}
		}
		for _, s := range c.not {
			if strings.Contains(text, s) {
				t.Errorf("%s: %q is in\n%s", c.name, s, text)
			}
		}
	}
}
