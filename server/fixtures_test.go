package server_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/status"
)

func alertID(n int) string { return fmt.Sprintf("%032x", n) }

// storedEvents are the events that the cases ask for.
func storedEvents() events {
	base := event.Event{
		Tenant: tenant, Source: "monitor", Arrival: epoch, UserID: "u1", UserEmail: "ada@example.com", Activity: "view",
		Object: "Envelope", Action: "Viewed", Channel: "Web", IPAddress: "203.0.113.7", Raw: `{"eventId":"..."}`,
		Place: event.Place{Kind: event.PlaceUser, Country: "DE", City: "Berlin", Latitude: 52.5, Longitude: 13.4},
		Data:  `{"EnvelopeId":"x","Size":9007199254740993,"Deep":[1,{"a":null}]}`,
	}
	var list events
	for i, id := range []string{"e5", "e4", "a/b c%2F", "e2", "e1"} {
		e := base
		e.ID, e.Time = id, epoch.Add(-time.Duration(i)*time.Minute)
		list = append(list, e)
	}
	list[1].Activity, list[1].Data = event.ActivityFailedLogon, "no json"
	list[3].Raw = "broken \xff utf-8"
	foreign := base
	foreign.ID, foreign.Tenant = "foreign", "another"
	return append(list, foreign)
}

func storedAlert(n int, severity, state string) alert.Alert {
	a := alert.Alert{
		ID: alertID(n),
		Finding: alert.Finding{
			Tenant: tenant, Detection: "impossible_travel", Subject: alert.Subject{Type: "user", ID: "u1", Email: "ada@example.com"},
			Key: "e1", Start: epoch, End: epoch.Add(-time.Duration(n) * time.Minute), EventIDs: []string{"e1", "e2"}, EventCount: 2,
			Severity: severity, Title: "Ada was in two places", Evidence: `{"speedKmh":9000}`,
		},
		Created: epoch, Updated: epoch, Sequence: uint64(n),
	}
	switch state {
	case alert.StateSuppressed:
		a.SuppressedBy = []string{"known_vpn"}
	case alert.StateRetracted:
		a.Retracted, a.SupersededBy = true, alertID(1)
	default:
		a.Triage.State = state
	}
	return a
}

func storedAlerts() alerts {
	return alerts{
		storedAlert(1, alert.SeverityHigh, alert.StateNew), storedAlert(2, alert.SeverityLow, alert.StateNew),
		storedAlert(3, alert.SeverityHigh, alert.StateSuppressed), storedAlert(4, alert.SeverityMedium, alert.StateRetracted),
		storedAlert(5, alert.SeverityCritical, alert.StateResolved),
	}
}

// change is one that concerns no more than the state, before is what it was.
func change(kind, before string, a alert.Alert) alert.Change {
	c := alert.Change{Kind: kind, Alert: a}
	if before != "" {
		c.Follow(&a)
		c.PreviousState = before
	}
	return c
}

// storedChanges are the log that the cases stream.
func storedChanges() *changes {
	return newChanges(
		change(alert.ChangeCreated, "", storedAlert(1, alert.SeverityHigh, alert.StateNew)),
		change(alert.ChangeCreated, "", storedAlert(3, alert.SeverityHigh, alert.StateSuppressed)),
		change(alert.ChangeCreated, "", storedAlert(2, alert.SeverityLow, alert.StateNew)),
		change(alert.ChangeRetracted, alert.StateNew, storedAlert(1, alert.SeverityHigh, alert.StateRetracted)),
	)
}

func knownDetections() detections {
	return detections{
		{ID: "failed_logins", Title: "Failed log-ons", Severity: alert.SeverityMedium, SubjectType: "user", SQL: "SELECT 1",
			LookBack: time.Hour, Parameters: []alert.Parameter{{Name: "min_failures", Type: "UInt32", Value: "10", Default: "10"}}},
		{ID: "impossible_travel", Title: "Impossible travel", Severity: alert.SeverityHigh, SubjectType: "user", SQL: "SELECT 2", Attributes: []string{"country", "ipAddress"}, Versions: []alert.DetectionVersion{
			{Detection: "impossible_travel", Revision: 2, ValidFrom: epoch, ValidTo: epoch.AddDate(100, 0, 0), MadeBy: "configuration", MadeAt: epoch,
				Logic: alert.Logic{SQL: "SELECT 2", Arguments: []alert.Argument{{Name: "speed_kmh", Type: "Float64", Value: "700"}}}},
			{Detection: "impossible_travel", Revision: 1, ValidFrom: time.Unix(0, 0).UTC(), ValidTo: epoch.AddDate(100, 0, 0), MadeBy: "configuration", MadeAt: epoch, Logic: alert.Logic{SQL: "SELECT 1"}},
		}},
		{ID: "own_key", Title: "The own key", Severity: alert.SeverityCritical, SubjectType: "integration", SQL: "SELECT 3", Off: "nothing says which keys"},
	}
}

func knownStatus() *system {
	return &system{System: status.System{
		Version: "0.1.0", Start: epoch, Engine: status.Engine{Kind: "embedded", State: "ready", EventsStored: 5},
		Sources: []status.Source{{Name: "connect/main", Receiving: &status.Receiving{Deliveries: 7, Kept: 1, Failures: 2, LastSuccess: epoch, LastError: "it is no event", Refused: 3, LastRefusal: epoch.Add(time.Minute), RefusalReason: "no key made its signature"}},
			{Name: "import", Accepted: 3}, {Name: "monitor/main", Accepted: 2, Polling: &status.Polling{State: status.PollingRefused, LastSuccess: epoch,
				NextAttempt: epoch.Add(time.Minute), Behind: time.Hour, Calls: 9, Remaining: -1, LastError: "nobody has given consent", Errors: map[string]uint64{"server": 1, "consent": 2}, Warnings: []string{"two people are outside"}}}},
		Destinations: []status.Destination{{Name: "siem", Kind: "splunk", State: status.DestinationOK, Events: &status.Destination{State: status.DestinationPaused, Pending: 4, Delivered: 8, DeadLetters: 3, LastError: "401", NextAttempt: epoch}}},
		Limited:      []status.LimitedPolicy{{ID: "nights", Title: "Nights", Limit: 2, Days: []policy.Day{{Date: "2026-08-01", Alerts: 2, OverLimit: 1}}}},
		Analysis: status.Analysis{Watermark: epoch, Sequence: 5, Detections: map[string]status.Detection{
			"failed_logins": {ActiveAlerts: 3},
		}},
	}}
}

// typedRecord is the JSON of a typed record for a batch.
func typedRecord(id string) string {
	return fmt.Sprintf(`{"monitor":{"timestamp":"2026-08-01T12:00:00Z","eventId":%q}}`, id)
}

func batchOf(records ...string) string { return `{"records":[` + strings.Join(records, ",") + `]}` }
