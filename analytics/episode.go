package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// episodes are alerts about Sealwatch itself: one for each time in which something is wrong with a subject, with the same id
// while it lasts, also over a restart. Its evidence says when it ended.
type episodes struct {
	tenant, detection string
	store             SourceStore
	log               *Log
	clock             func() time.Time
}

// finding of a new episode that began at a time.
func (w *episodes) finding(subject string, since time.Time) alert.Finding {
	since = since.UTC()
	return alert.Finding{Tenant: w.tenant, Detection: w.detection, Subject: alert.Subject{Type: "source", ID: subject, DisplayName: subject},
		Key: since.Format(time.RFC3339Nano), Anchor: since, Start: since, EventIDs: []string{}, SuppressedBy: []string{}}
}

// change works on the episode of a subject that has not ended, if there is one.
func (w *episodes) change(ctx context.Context, subject string, make func(open *alert.Alert, now time.Time) (*alert.Change, error)) error {
	return w.log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		standing, err := w.store.AlertsOfSubjects(ctx, w.tenant, w.detection, []string{subject})
		if err != nil {
			return nil, fmt.Errorf("analytics: alerts about %s: %w", subject, err)
		}
		var open *alert.Alert
		for i := range standing {
			var ended struct{ Restored, Applied *time.Time }
			if err := evidenceInto(&standing[i], &ended); err != nil {
				return nil, err
			}
			if a := &standing[i]; !a.Retracted && ended.Restored == nil && ended.Applied == nil && (open == nil || a.Anchor.After(open.Anchor)) {
				open = a
			}
		}
		c, err := make(open, w.clock().UTC().Truncate(time.Millisecond))
		if err != nil || c == nil {
			return nil, err
		}
		c.Actor = sourceActor
		return []alert.Change{*c}, nil
	})
}

// resolved ends an episode; what a person works on stays in progress.
func resolved(open *alert.Alert, at time.Time, evidence any) (*alert.Change, error) {
	c := alert.Change{Kind: alert.ChangeUpdated, Alert: *open}
	c.Follow(open)
	c.End = at
	if c.Triage.State == alert.StateNew {
		c.Triage.State = alert.StateResolved
	}
	return &c, setEvidence(&c.Finding, evidence)
}

func evidenceInto(a *alert.Alert, into any) error {
	if err := json.Unmarshal([]byte(a.Evidence), into); err != nil {
		return fmt.Errorf("analytics: evidence of alert %s: %w", a.ID, err)
	}
	return nil
}

func setEvidence(f *alert.Finding, from any) error {
	text, err := json.Marshal(from)
	f.Evidence = string(text)
	return err
}
