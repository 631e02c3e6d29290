package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// SourceAccess is the id under which alerts about sources are raised. They are about Sealwatch itself and not about events:
// no view finds them, and what they say is of the time when it was noticed.
const SourceAccess = "source_access"

// sourceActor changes those alerts.
const sourceActor = "sealwatch"

// Loss is a source that does not bring what it should.
type Loss struct {
	// Source by name; it is the subject of the alert.
	Source string
	// Kind of the failure, in one word; Problem in words, with what to do.
	Kind, Problem string
	// Title is one sentence.
	Title string
	// Since is when the source last was as it should be.
	Since time.Time
	// Failures in a row.
	Failures int
}

// SourceStore finds the alerts that stand.
type SourceStore interface {
	AlertsOfSubjects(ctx context.Context, tenant, detection string, subjects []string) ([]alert.Alert, error)
}

// SourceWatch raises an alert for each time in which a source is lost: one an episode, with the same id while it lasts,
// also over a restart. When the source is back the alert is resolved and not retracted, because the gap was there.
type SourceWatch struct {
	tenant string
	store  SourceStore
	log    *Log
	clock  func() time.Time
}

// NewSourceWatch writes through the log.
func NewSourceWatch(tenant string, store SourceStore, log *Log, clock func() time.Time) *SourceWatch {
	return &SourceWatch{tenant: tenant, store: store, log: log, clock: clock}
}

// sourceEvidence is what a person needs to judge it.
type sourceEvidence struct {
	Source   string     `json:"source"`
	Kind     string     `json:"kind"`
	Problem  string     `json:"problem"`
	Since    time.Time  `json:"since"`
	Noticed  time.Time  `json:"noticed"`
	Restored *time.Time `json:"restored,omitempty"`
	Failures int        `json:"failures"`
	// Consequence says what it means.
	Consequence string `json:"consequence"`
}

const (
	whileLost = "What happens in DocuSign meanwhile is not seen; it is read when the source is back, and alerts on it come late."
	afterLoss = "What happened meanwhile is read now; alerts on it came late."
)

// Lost raises the alert, or says in the present one what has changed.
func (w *SourceWatch) Lost(ctx context.Context, l Loss) error {
	return w.change(ctx, l.Source, func(open *alert.Alert, now time.Time) (*alert.Change, error) {
		e := sourceEvidence{Source: l.Source, Kind: l.Kind, Problem: l.Problem, Since: l.Since.UTC(), Noticed: now, Failures: l.Failures, Consequence: whileLost}
		c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{Triage: alert.Triage{State: alert.StateNew}}}
		if open != nil {
			before, err := evidenceOf(open)
			if err != nil {
				return nil, err
			}
			if before.Kind == l.Kind {
				return nil, nil // known already
			}
			c = alert.Change{Kind: alert.ChangeUpdated, Alert: *open}
			c.Follow(open)
			e.Since, e.Noticed = before.Since, before.Noticed
		} else {
			c.Finding = alert.Finding{Tenant: w.tenant, Detection: SourceAccess, Subject: alert.Subject{Type: "source", ID: l.Source, DisplayName: l.Source},
				Key: e.Since.Format(time.RFC3339Nano), Anchor: e.Since, Start: e.Since, EventIDs: []string{}, SuppressedBy: []string{}}
			c.ID = c.AlertID()
		}
		c.End, c.Severity, c.Title, c.Score = now, alert.SeverityHigh, l.Title, float64(l.Failures)
		return &c, e.into(&c.Finding)
	})
}

// Restored resolves the alert that stands about the source, if there is one. What a person works on stays in progress.
func (w *SourceWatch) Restored(ctx context.Context, source string, at time.Time) error {
	return w.change(ctx, source, func(open *alert.Alert, _ time.Time) (*alert.Change, error) {
		if open == nil {
			return nil, nil
		}
		e, err := evidenceOf(open)
		if err != nil {
			return nil, err
		}
		at := at.UTC()
		e.Restored, e.Consequence = &at, afterLoss
		c := alert.Change{Kind: alert.ChangeUpdated, Alert: *open}
		c.Follow(open)
		c.End = at
		if c.Triage.State == alert.StateNew {
			c.Triage.State = alert.StateResolved
		}
		return &c, e.into(&c.Finding)
	})
}

// change works on the episode of a source that has not ended, if there is one.
func (w *SourceWatch) change(ctx context.Context, source string, make func(open *alert.Alert, now time.Time) (*alert.Change, error)) error {
	return w.log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		standing, err := w.store.AlertsOfSubjects(ctx, w.tenant, SourceAccess, []string{source})
		if err != nil {
			return nil, fmt.Errorf("analytics: alerts about source %s: %w", source, err)
		}
		var open *alert.Alert
		for i := range standing {
			e, err := evidenceOf(&standing[i])
			if err != nil {
				return nil, err
			}
			if a := &standing[i]; !a.Retracted && e.Restored == nil && (open == nil || a.Anchor.After(open.Anchor)) {
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

func evidenceOf(a *alert.Alert) (e sourceEvidence, err error) {
	if err := json.Unmarshal([]byte(a.Evidence), &e); err != nil {
		return e, fmt.Errorf("analytics: evidence of alert %s: %w", a.ID, err)
	}
	return e, nil
}

func (e *sourceEvidence) into(f *alert.Finding) error {
	text, err := json.Marshal(e)
	f.Evidence = string(text)
	return err
}

// DescribeSourceAccess is it for readers of the detections.
func DescribeSourceAccess() alert.Detection {
	return alert.Detection{
		ID: SourceAccess, Title: "A source of events is lost",
		Description: "Sealwatch no longer gets what it watches: DocuSign refuses it (consent withdrawn, role or key removed, no Monitor), the call budget is used up, or the source has not been read to its end for a quarter of an hour. " +
			"It is resolved by itself when the source is back; the events of the gap are read then.",
		Severity: alert.SeverityHigh, Techniques: []string{"T1562.008"}, SubjectType: "source",
		FalsePositives: []string{"Maintenance of DocuSign, of the network, or of this machine", "A key or a role that was changed on purpose"},
		Response: []string{"Read evidence.problem: it says what to do, and whom to ask.", "Run sealwatch doctor monitor with the service's configuration.",
			"Find out who changed the consent, the role or the key: an attacker who is administrator begins there.", "When it is back, look at what came in from the gap."},
	}
}
