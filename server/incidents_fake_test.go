package server_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// incidents groups alerts, and nothing changes.
type incidents struct{ list []alert.Incident }

func storedIncidents() incidents {
	g := alert.Grouping{Window: time.Hour, Longest: time.Hour, Severity: map[string]float64{alert.SeverityLow: 5, alert.SeverityHigh: 40, alert.SeverityCritical: 80}, Repeat: 0.5, Subject: 5}
	var members []alert.Member
	for _, a := range storedAlerts() {
		if m, ok := alert.NewMember(&a); ok {
			members = append(members, m)
		}
	}
	// two more, about an address of which the second tells: they are an incident of their own, months before
	for n, s := range []alert.Subject{{Type: "address", ID: "192.0.2.9"}, {Type: "user", ID: "u2", Email: "Bo@example.com"}} {
		members = append(members, alert.Member{ID: alertID(100 + n), Detection: "failed_logins", Severity: alert.SeverityLow, State: alert.StateNew, Subject: s, Start: epoch.AddDate(0, -3, 0), End: epoch.AddDate(0, -3, 0), EventCount: 3, Addresses: []string{"192.0.2.9"}})
	}
	return incidents{g.Group(members)}
}

func (i incidents) ListIncidents(_ context.Context, f alert.IncidentFilter, head uint64) ([]alert.Incident, uint64, error) {
	return slices.DeleteFunc(slices.Clone(i.list), func(n alert.Incident) bool { return !f.Match(&n) }), cmp.Or(head, 4), nil
}

func (i incidents) IncidentsAt(ctx context.Context, ids []string, head uint64) ([]alert.Incident, uint64, error) {
	var all []alert.Incident
	for _, id := range ids {
		n, err := i.GetIncident(ctx, id)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, n)
	}
	return all, cmp.Or(head, 4), nil
}

func (i incidents) GetIncident(_ context.Context, id string) (alert.Incident, error) {
	for _, n := range i.list {
		if slices.ContainsFunc(n.Alerts, func(m alert.Member) bool { return m.ID == id }) {
			return n, nil
		}
	}
	return alert.Incident{}, fault.New(fault.NotFound, "there is no incident %q", id)
}

func (i incidents) IncidentsOf(_ context.Context, alerts []string) (map[string]string, error) {
	of := map[string]string{}
	for _, n := range i.list {
		for _, m := range n.Alerts {
			if slices.Contains(alerts, m.ID) {
				of[m.ID] = n.ID
			}
		}
	}
	return of, nil
}
