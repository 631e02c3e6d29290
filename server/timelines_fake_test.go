package server_test

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/timeline"
)

// timelines know Ada, who has one alert and two events.
type timelines struct{}

func (timelines) Timeline(_ context.Context, q timeline.Query) (timeline.Timeline, error) {
	if q.User != "u1" && q.User != "ada@example.com" {
		return timeline.Timeline{}, fault.New(fault.NotFound, "nobody acted as %q", q.User)
	}
	a, list := storedAlert(1, alert.SeverityHigh, alert.StateNew), storedEvents()
	all := []timeline.Entry{{Time: list[4].Time, Event: &list[4]}, {Time: epoch, Alert: &a}, {Time: epoch, Event: &list[0], Relation: timeline.RelationReferenced}}
	t := timeline.Timeline{Who: timeline.Who{IDs: []string{"u1"}, Emails: []string{"ada@example.com"}, Name: "Ada", Person: &alert.Person{Source: "entra", Status: "active"}}}
	for i, e := range all {
		if q.After != (timeline.Position{}) && q.After != e.Position() {
			continue
		}
		if q.After != (timeline.Position{}) {
			all = all[i+1:]
		} else {
			t.Traits = []timeline.Trait{{Kind: timeline.TraitPlace, Value: "Berlin, DE", Label: "Germany", Events: 2, First: epoch, Last: epoch, New: true}, {Kind: alert.TraitAddress, Value: "203.0.113.7", Events: 2}, {Kind: alert.TraitNetwork, Value: "3320"}, {Kind: alert.TraitDevice, Value: "Firefox"}}
		}
		break
	}
	t.More = len(all) > q.Limit
	t.Entries = all[:min(len(all), q.Limit)]
	return t, nil
}
