package analytics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// TestAViewThatCannotWork ends its round at once, with the detection and the engine's name for what is wrong, and is not told as a
// database that does not answer.
func TestAViewThatCannotWork(t *testing.T) {
	w := newWorld(t, "docusign_alert", nil)
	sql := w.tuned[0].SQL
	w.tuned[0].SQL = strings.Replace(sql, "activity = 'docusign_alert'", "activity = 'docusign_alert' AND match(event_id, concat('(', event_id))", 1)
	if w.tuned[0].SQL == sql {
		t.Fatal("the view is as it was")
	}
	w.restart()
	if a := w.runner.Status(); a.Failing() != 0 || !a.Behind.IsZero() {
		t.Errorf("before the first event %d detections fail, and are behind since %s", a.Failing(), a.Behind)
	}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.add(event.Event{Source: "test", ID: "a", Time: at, Arrival: at, UserID: "ann", Activity: event.ActivityDocuSignAlert, AlertSeverity: "High", Data: "{}", Raw: "{}"})
	err := w.runner.Drain(t.Context())
	if err == nil || !strings.Contains(err.Error(), "docusign_alert: the engine refuses its query (CANNOT_COMPILE_REGEXP)") {
		t.Errorf("%v", err)
	}
	if a := w.runner.Status(); a.Failing() != 1 || a.Behind.IsZero() {
		t.Errorf("%d detections fail, and are behind since %s", a.Failing(), a.Behind)
	}
	w.restart()
	if a := w.runner.Status(); !a.Behind.Equal(at) {
		t.Errorf("after a restart they are behind since %s, expected %s, when the event came in", a.Behind, at)
	}
}
