package server_test

import (
	"context"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// desk keeps the work of people in memory, beside the list of the alerts, which stays as it is.
type desk struct {
	mu       sync.Mutex
	alerts   alerts
	versions []alert.Change
}

func (d *desk) UpdateAlert(ctx context.Context, id, author string, w alert.Work) (alert.Alert, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.alerts.GetAlert(ctx, tenant, id); err != nil {
		return alert.Alert{}, err
	}
	for i := range d.alerts {
		if d.alerts[i].ID == id {
			return d.work(&d.alerts[i], author, w)
		}
	}
	return alert.Alert{}, nil
}

func (d *desk) work(a *alert.Alert, author string, w alert.Work) (alert.Alert, error) {
	if w.Etag != "" && w.Etag != a.Etag() {
		return alert.Alert{}, fault.New(fault.Conflict, "alert.etag: alert %s has changed", a.ID)
	}
	before := *a
	if err := w.Apply(a, author); err != nil {
		return alert.Alert{}, fault.New(fault.InvalidArgument, "alert.%s", err)
	}
	a.Resolve(&before.Triage, author)
	a.Triage.Stamp(epoch)
	a.Sequence, a.Updated, a.Actor = 100+uint64(len(d.versions)), epoch.Add(time.Duration(len(d.versions))*time.Second), author
	d.versions = append(d.versions, alert.Change{Kind: alert.ChangeUpdated, Alert: *a})
	return *a, nil
}

func (d *desk) UpdateAlerts(_ context.Context, q alert.BulkWork) (r alert.BulkResult, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*alert.Alert
	for i := range d.alerts {
		if d.alerts[i].Tenant == tenant && q.Filter.Match(&d.alerts[i]) {
			all = append(all, &d.alerts[i])
		}
	}
	r.Matched = len(all)
	if q.Expected != nil && *q.Expected != len(all) {
		return r, fault.New(fault.CountMismatch, "expectedCount: found %d, but the filter selects %d", *q.Expected, len(all))
	}
	if q.DryRun {
		return r, nil
	}
	for _, a := range all {
		if a.Subject.Email == q.Author {
			r.Skip(alert.RefusedOwn, a.ID)
			continue
		}
		if _, err := d.work(a, q.Author, q.Work); err != nil {
			return r, err
		}
		r.Updated++
	}
	return r, nil
}

func (d *desk) AlertHistory(ctx context.Context, id string, before uint64, limit int) ([]alert.Version, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := storedAlerts().GetAlert(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	a.Actor = alert.ActorAnalysis
	changes := []alert.Change{{Kind: alert.ChangeCreated, Alert: a}}
	for _, c := range d.versions {
		if c.ID == id {
			changes = append([]alert.Change{c}, changes...)
		}
	}
	for len(changes) > 0 && changes[0].Sequence >= before {
		changes = changes[1:]
	}
	all := alert.History(changes)
	return all[:min(len(all), limit)], nil
}
