package analytics_test

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestDeedsToldTwiceCountOnce: what followed an alert counts once where Monitor and Connect tell of it, whichever comes first; both
// records stay readable.
func TestDeedsToldTwiceCountOnce(t *testing.T) {
	before, _ := journey(t)
	var c testCase
	told := func(by, channel string) (all []event.Event) {
		for i := range 3 {
			at := time.Date(2026, 5, 6, 10, i, len(by), 0, time.UTC)
			all = append(all, event.Event{Tenant: "default", Source: by, Channel: channel, ID: fmt.Sprintf("%s-%d", by, i), Time: at, Arrival: at, UserID: "ann", Activity: "send", Object: "envelope", Action: "sent",
				EnvelopeID: fmt.Sprint("e", i), Data: "{}", Raw: "{}"})
		}
		return all
	}
	// of a fourth envelope Connect alone tells, and what names no envelope counts by itself
	monitor, connect := told("monitor/main", "Web"), told("connect/main", "Connect")
	fourth := connect[0]
	fourth.ID, fourth.EnvelopeID = "fourth", "e9"
	connect = append(connect, fourth)
	plain := monitor[0]
	plain.ID, plain.EnvelopeID = "plain", ""
	monitor = append(monitor, plain)
	var descriptions [][]alert.Deed
	for name, order := range map[string][][]event.Event{"Monitor first": {monitor, connect}, "Connect first": {connect, monitor}} {
		w := newWorld(t, "impossible_travel", nil)
		w.add(c.build(t, before)...)
		w.drain()
		for _, batch := range order {
			w.add(batch...)
			w.drain()
		}
		// the end of the hour: from then on the description is whole
		last := monitor[0]
		last.ID, last.EnvelopeID, last.Activity, last.Time = "last", "e0", "view", time.Date(2026, 5, 6, 13, 0, 0, 0, time.UTC)
		w.add(last)
		w.drain()
		deeds := travelAlert(t, w).Context.After
		if len(deeds) != 1 || deeds[0].Activity != "send" || deeds[0].Count != 5 {
			t.Errorf("%s: %+v", name, deeds)
		}
		descriptions = append(descriptions, deeds)
		events, err := w.db.ListEvents(t.Context(), w.tenant, event.Filter{UserIDs: []string{"ann"}, Activities: []string{"send"}}, event.Cursor{}, 100, false)
		if err != nil || len(events) != 8 {
			t.Errorf("%s: %d records, %v", name, len(events), err)
		}
	}
	if d := gocmp.Diff(descriptions[0], descriptions[1]); d != "" {
		t.Error(d)
	}
}
