package analytics_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestBlindness stores events and wants each detection to say what it lacks, and never that all is well then.
func TestBlindness(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 8, 12, 0, 0, 0, time.UTC)
	e := func(id, activity string, ago time.Duration, change func(*event.Event)) event.Event {
		out := event.Event{Source: "test", ID: id, Time: at.Add(-ago), Arrival: at, UserID: "u", Activity: activity, Object: "Account", Action: "LogUsIn", Data: "{}", Raw: "{}",
			Place: event.Place{Kind: event.PlaceUnknown}}
		if change != nil {
			change(&out)
		}
		return out
	}
	located := func(e *event.Event) { e.Place = event.Place{Kind: event.PlaceUser, Latitude: 1, Longitude: 1} }
	keyed := func(e *event.Event) { e.IntegrationKey = "app" }
	const week = 7 * 24 * time.Hour
	for _, c := range []struct {
		name      string
		events    []event.Event
		detection string
		state     string
		// missing is an input with its causes, in part.
		missing string
		causes  []string
	}{
		{"nothing at all", nil, "failed_logins", status.DetectionBlind, "event", []string{"no event at all"}},
		{"all of it", []event.Event{e("1", "logon", 0, nil), e("2", "failed_logon", week-time.Second, nil)}, "failed_logins", status.DetectionOK, "", nil},
		{"too long ago", []event.Event{e("1", "logon", 0, nil), e("2", "failed_logon", week, nil)}, "failed_logins", status.DetectionBlind, "activity failed_logon", []string{"single sign-on", "unknown spelling", "unclaimed domain"}},
		{"unknown spelling", []event.Event{e("1", "unknown", 0, nil), e("2", "send", 0, nil)}, "failed_logins", status.DetectionBlind, "activity logon", []string{"does not know Account/LogUsIn (1 events)", "single sign-on", "unclaimed domain"}},
		{"no location", []event.Event{e("1", "logon", 0, nil)}, "impossible_travel", status.DetectionBlind, "place of kind user", []string{"no location", "unclaimed domain"}},
		{"a location", []event.Event{e("1", "logon", 0, located)}, "impossible_travel", status.DetectionOK, "", nil},
		{"no application", []event.Event{e("1", "logon", 0, nil)}, "unusual_impersonation", status.DetectionBlind, "activity with an integration key", []string{"no application"}},
		{"an application", []event.Event{e("1", "send", 0, keyed)}, "unusual_impersonation", status.DetectionOK, "", nil},
		{"no directory", []event.Event{e("1", "logon", 0, nil)}, "terminated_user", status.DetectionBlind, "directory of users", []string{"sealwatch directory import"}},
		{"a directory", []event.Event{e("1", "logon", 0, nil)}, "terminated_user", status.DetectionOK, "", nil},
		{"no ranges", []event.Event{e("1", "logon", 0, nil)}, "anonymous_ip", status.DetectionBlind, "intelligence about addresses", []string{"no address intelligence loaded"}},
		{"ranges", []event.Event{e("1", "logon", 0, nil)}, "anonymous_ip", status.DetectionOK, "", nil},
		{"no alert of DocuSign", []event.Event{e("1", "send", 0, nil)}, "docusign_alert", status.DetectionBlind, "activity docusign_alert", []string{"raised no alert"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.detection, nil)
			w.add(c.events...)
			if c.name == "a directory" {
				w.meet([]personCase{{ID: "1", Status: "active"}})
			}
			if c.name == "ranges" {
				w.know([]rangeCase{{Prefix: "192.0.2.0/24", Source: "feed", Category: "vpn"}})
			}
			w.drain()
			i := slices.IndexFunc(definitions, func(d analytics.Definition) bool { return d.ID == c.detection })
			newest := w.runner.Watermark()
			seen, err := w.db.InputCounts(t.Context(), w.tenant, newest.Add(-week), newest)
			if err != nil {
				t.Fatal(err)
			}
			var unknown []status.UnknownActivity
			if c.name == "unknown spelling" {
				unknown = []status.UnknownActivity{{Object: "Account", Action: "LogUsIn", Events: 1}}
			}
			d := status.Detection{Inputs: definitions[i].InputsSeen(seen, unknown)}
			if got := d.Sum(); got != c.state {
				t.Errorf("state %s, expected %s: %+v", got, c.state, d.Inputs)
			}
			for _, input := range d.Inputs {
				if (input.Name == c.missing) != (len(input.LikelyCauses) > 0) && c.missing != "event" && c.missing != "activity logon" {
					t.Errorf("%s has %d events and the causes %q", input.Name, input.Events, input.LikelyCauses)
				}
				if input.Name != c.missing {
					continue
				}
				said := strings.Join(input.LikelyCauses, "\n")
				for _, cause := range c.causes {
					if !strings.Contains(said, cause) {
						t.Errorf("the causes lack %q: %q", cause, input.LikelyCauses)
					}
				}
			}
		})
	}
}

// TestEveryDetectionIsBlindWithoutEvents: whatever a detection needs, without any event none is well.
func TestEveryDetectionIsBlindWithoutEvents(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for i := range definitions {
		d := status.Detection{Inputs: definitions[i].InputsSeen(nil, nil)}
		if d.Sum() != status.DetectionBlind {
			t.Errorf("%s is %s", definitions[i].ID, d.Sum())
		}
	}
}
