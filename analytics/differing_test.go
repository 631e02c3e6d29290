package analytics

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

func TestDiffering(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	before := alert.Finding{Subject: alert.Subject{Type: "user", ID: "u"}, Start: at, End: at, EventIDs: []string{"a", "b"}, EventCount: 2, Score: 1, Severity: alert.SeverityLow, Title: "Ann failed twice",
		Evidence: `{"failures":2,"limit":5,"from":["x"],"same":{"a":1}}`}
	if got := differing(&before, &before); got != nil {
		t.Errorf("of the same: %+v", got)
	}
	after := before
	after.Severity, after.Title, after.EventIDs, after.EventCount = alert.SeverityHigh, "Ann failed "+strings.Repeat("é", 200), []string{"b", "c", "d"}, 3
	after.Subject.Email, after.End, after.SuppressedBy = "ann@example.com", at.Add(time.Minute), []string{"shared_egress"}
	after.Evidence = `{"failures":3,"from":["x","y"],"new":true,"same":{"a":1}}`
	want := []alert.FieldDifference{
		{Field: "severity", Before: "low", After: "high"},
		{Field: "title", Before: "Ann failed twice", After: "Ann failed " + strings.Repeat("é", 108) + "…"},
		{Field: "subject", Before: "user u", After: "user u ann@example.com"},
		{Field: "suppressedBy", After: "shared_egress"},
		{Field: "eventCount", Before: "2", After: "3"},
		{Field: "events", Before: "a", After: "c, d"},
		{Field: "endTime", Before: "2026-05-06T07:08:09Z", After: "2026-05-06T07:09:09Z"},
		{Field: "evidence.failures", Before: "2", After: "3"},
		{Field: "evidence.from", Before: `["x"]`, After: `["x","y"]`},
		{Field: "evidence.limit", Before: "5"},
		{Field: "evidence.new", After: "true"},
	}
	if diff := cmp.Diff(want, differing(&before, &after)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDifferencesSayWhatDiffers: of what changes, and of nothing else.
func TestDifferencesSayWhatDiffers(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	made := func(key, severity string) alert.Finding {
		return alert.Finding{Tenant: "t", Detection: "d", Subject: alert.Subject{Type: "user", ID: "u"}, Key: key, Anchor: at, Start: at, End: at, Severity: severity, Evidence: "{}"}
	}
	var standing []alert.Alert
	for _, key := range []string{"changes", "goes"} {
		f := made(key, alert.SeverityLow)
		standing = append(standing, alert.Alert{ID: f.AlertID(), Finding: f, Triage: alert.Triage{State: alert.StateNew}})
	}
	n := newDifferences(0)
	n.add(standing, reconcile(standing, []alert.Finding{made("changes", alert.SeverityHigh), made("comes", alert.SeverityLow)}, map[clickhouse.Subject]period{{Type: "user", ID: "u"}: {at, at}}, time.Time{}))
	got := map[string][]alert.FieldDifference{}
	for _, e := range n.result().Examples {
		got[e.Kind] = e.Fields
	}
	want := map[string][]alert.FieldDifference{alert.ChangeCreated: nil, alert.ChangeRetracted: nil, alert.ChangeUpdated: {{Field: "severity", Before: "low", After: "high"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
