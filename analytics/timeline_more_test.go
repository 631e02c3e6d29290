package analytics

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

func (l losing) TimelineSteps(context.Context, string, []string, []string, time.Time, time.Time, time.Time, string, int) ([]timeline.Step, error) {
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
	all, more, err := NewTimelines("t", losing{at: at}).entries(t.Context(), timeline.Query{From: at, To: at.AddDate(0, 0, 1), Limit: 2}, &timeline.Who{IDs: []string{"u"}})
	if err != nil || !more || len(all) != 2 || all[0].Event == nil || all[1].Event == nil || all[1].Event.ID != "c" {
		t.Errorf("%d entries, more %t, %v", len(all), more, err)
	}
}

// crowded has steps and alerts in turn, of which many have one time, and alerts that began before the span.
type crowded struct {
	TimelineStore
	steps  []timeline.Step
	alerts []alert.Alert
}

func (c crowded) TimelineSteps(_ context.Context, _ string, _, _ []string, _, _, after time.Time, afterID string, limit int) ([]timeline.Step, error) {
	i := 0
	for i < len(c.steps) && (c.steps[i].Time.Before(after) || c.steps[i].Time.Equal(after) && c.steps[i].ID <= afterID) {
		i++
	}
	return c.steps[i:min(len(c.steps), i+limit)], nil
}

func (c crowded) ListEvents(_ context.Context, _ string, f event.Filter, _ event.Cursor, _ int, _ bool) ([]event.Event, error) {
	var all []event.Event
	for _, s := range c.steps {
		if slices.Contains(f.IDs, s.ID) {
			all = append(all, event.Event{ID: s.ID, Time: s.Time})
		}
	}
	return all, nil
}

func (c crowded) ListAlerts(_ context.Context, _ string, _ alert.Filter, o alert.Order, _ uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error) {
	i := 0
	for i < len(c.alerts) && after.Before(o.Key(&c.alerts[i]), c.alerts[i].ID) {
		i++
	}
	return c.alerts[i:min(len(c.alerts), i+limit)], len(c.alerts), nil
}

// TestTimelineOfMany: no alert and no event is left out or told twice, however many there are and wherever a page ends.
func TestTimelineOfMany(t *testing.T) {
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	c := crowded{}
	for i := range 1300 {
		c.alerts = append(c.alerts, alert.Alert{ID: fmt.Sprintf("%032x", 5000-i), Finding: alert.Finding{Start: from.Add(time.Duration(i/40-3) * time.Minute), Evidence: strings.Repeat("x", 4000)}})
		c.steps = append(c.steps, timeline.Step{ID: fmt.Sprintf("%05d", i), Time: from.Add(time.Duration(i/30) * time.Minute)})
	}
	for _, limit := range []int{1, 7, 500, 1000} {
		seen, last := map[string]bool{}, timeline.Position{}
		q := timeline.Query{From: from, To: from.AddDate(0, 0, 1), Limit: limit}
		for more := true; more; {
			var page []timeline.Entry
			var err error
			if page, more, err = NewTimelines("t", c).entries(t.Context(), q, &timeline.Who{IDs: []string{"u"}}); err != nil {
				t.Fatal(err)
			}
			if len(page) > limit || more && len(page) == 0 {
				t.Fatalf("limit %d: a page of %d", limit, len(page))
			}
			for _, e := range page {
				p := e.Position()
				if key := fmt.Sprint(p.Alert, p.ID); seen[key] || comparePositions(p, last) <= 0 || e.Time.Before(from) {
					t.Fatalf("limit %d: %v after %v, seen before: %t", limit, p, last, seen[key])
				} else {
					seen[key], last = true, p
				}
			}
			q.After = last
		}
		if len(seen) != 2600 {
			t.Errorf("limit %d: %d entries, want 2600", limit, len(seen))
		}
	}
}
