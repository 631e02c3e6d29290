package analytics_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestRetentionHoldsWhatDetectionsRead: events that expire before a detection has read them would let its alerts stay as
// they were first raised, without a word. The service does not start so.
func TestRetentionHoldsWhatDetectionsRead(t *testing.T) {
	const day = 24 * time.Hour
	w := newWorld(t, "", nil)
	w.add(event.Event{Source: "test", ID: "one", Time: w.now.Add(-day), Arrival: w.now, UserID: "u", Activity: "logon", Data: "{}", Raw: "{}"})
	without := func(ids ...string) []analytics.Detection {
		return slices.DeleteFunc(slices.Clone(w.tuned), func(d analytics.Detection) bool { return slices.Contains(ids, d.ID) })
	}
	only := func(id string) []analytics.Detection {
		return slices.DeleteFunc(slices.Clone(w.tuned), func(d analytics.Detection) bool { return d.ID != id })
	}
	longer := only("docusign_alert")
	longer[0].LookBack = 300 * day
	start := func(detections []analytics.Detection, keep time.Duration) error {
		_, err := analytics.New(t.Context(), analytics.Options{Tenant: w.tenant, Detections: detections, Store: w.db, Log: w.log, Clock: func() time.Time { return w.now }, Retention: keep,
			Logger: slog.New(slog.DiscardHandler)})
		return err
	}
	// in this order: what one of them stores, the next one finds
	for _, c := range []struct {
		name       string
		detections []analytics.Detection
		days       int
		// wrong are parts of the error; none when there is none
		wrong []string
	}{
		{"for ever", w.tuned, 0, nil},
		{"enough", w.tuned, 124, nil},
		{"a day too few", w.tuned, 123, []string{"retention.eventsDays", "found 123", "at least 124", "infrequent_country"}},
		{"what was allowed", w.tuned, 60, []string{"found 60", "at least 124", "infrequent_country"}},
		{"without the longest", without("infrequent_country"), 95, nil},
		{"the next", without("infrequent_country"), 93, []string{"at least 95", "unusual_admin"}},
		{"only a short one", only("docusign_alert"), 60, nil},
		{"one that reads more", longer, 400, nil},
		{"its version judges what came before", only("docusign_alert"), 400, nil},
		{"and is not held any more", only("docusign_alert"), 200, []string{"found 200", "at least 301", "docusign_alert (revision 2"}},
	} {
		err := start(c.detections, time.Duration(c.days)*day)
		if (err == nil) != (len(c.wrong) == 0) {
			t.Errorf("%s: error %v, expected one: %t", c.name, err, len(c.wrong) > 0)
			continue
		}
		for _, part := range c.wrong {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.name, err, part)
			}
		}
		w.now = w.now.Add(time.Hour)
	}
}
