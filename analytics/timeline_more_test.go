package analytics

import (
	"context"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/timeline"
)

// losing has three steps, of which the second was set aside before the events were read, and an alert behind them.
type losing struct {
	TimelineStore
	at time.Time
}

func (l losing) TimelineSteps(context.Context, string, []string, time.Time, time.Time, time.Time, string, int) ([]timeline.Step, error) {
	return []timeline.Step{{Time: l.at, ID: "a"}, {Time: l.at.Add(1), ID: "b"}, {Time: l.at.Add(2), ID: "c"}}, nil
}

func (l losing) ListEvents(context.Context, string, event.Filter, event.Cursor, int, bool) ([]event.Event, error) {
	return []event.Event{{ID: "a", Time: l.at}, {ID: "c", Time: l.at.Add(2)}}, nil
}

func (l losing) ListAlerts(context.Context, string, alert.Filter, alert.Order, uint64, alert.Cursor, int) ([]alert.Alert, int, error) {
	return []alert.Alert{{ID: "late", Finding: alert.Finding{Start: l.at.Add(time.Hour)}}}, 1, nil
}

// TestTimelineWithAnEventSetAside: one that is gone between two questions does not end the timeline, nor lets what follows be passed over.
func TestTimelineWithAnEventSetAside(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	all, more, err := NewTimelines("t", losing{at: at}).entries(t.Context(), timeline.Query{From: at, To: at.AddDate(0, 0, 1), Limit: 2}, []string{"u"})
	if err != nil || !more || len(all) != 2 || all[0].Event == nil || all[1].Event == nil || all[1].Event.ID != "c" {
		t.Errorf("%d entries, more %t, %v", len(all), more, err)
	}
}
