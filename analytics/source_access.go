package analytics

import (
	"cmp"
	"context"
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
	// Consequence says what the loss means, After what it meant when the source is back; empty for a source of events.
	Consequence, After string
}

// SourceStore finds the alerts that stand.
type SourceStore interface {
	AlertsOfSubjects(ctx context.Context, tenant, detection string, subjects []string) ([]alert.Alert, error)
}

// SourceWatch raises an alert for each time in which a source is lost: one an episode, with the same id while it lasts,
// also over a restart. When the source is back the alert is resolved and not retracted, because the gap was there.
type SourceWatch struct{ episodes episodes }

// NewSourceWatch writes through the log.
func NewSourceWatch(tenant string, store SourceStore, log *Log, clock func() time.Time) *SourceWatch {
	return &SourceWatch{episodes{tenant: tenant, detection: SourceAccess, store: store, log: log, clock: clock}}
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
	// After says it when it is over; empty for a source of events.
	After string `json:"after,omitempty"`
}

const (
	whileLost = "What happens in DocuSign meanwhile is not seen; it is read when the source is back, and alerts on it come late."
	afterLoss = "What happened meanwhile is read now; alerts on it came late."
)

// Lost raises the alert, or says in the present one what has changed.
func (w *SourceWatch) Lost(ctx context.Context, l Loss) error {
	return w.episodes.change(ctx, l.Source, func(open *alert.Alert, now time.Time) (*alert.Change, error) {
		e := sourceEvidence{Source: l.Source, Kind: l.Kind, Problem: l.Problem, Since: l.Since.UTC(), Noticed: now, Failures: l.Failures, Consequence: cmp.Or(l.Consequence, whileLost), After: l.After}
		c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{Triage: alert.Triage{State: alert.StateNew}}}
		if open != nil {
			var before sourceEvidence
			if err := evidenceInto(open, &before); err != nil {
				return nil, err
			}
			if before.Kind == l.Kind {
				return nil, nil // known already
			}
			c = alert.Change{Kind: alert.ChangeUpdated, Alert: *open}
			c.Follow(open)
			e.Since, e.Noticed = before.Since, before.Noticed
		} else {
			c.Finding = w.episodes.finding(l.Source, e.Since)
			c.ID = c.AlertID()
		}
		c.End, c.Severity, c.Title, c.Score = now, alert.SeverityHigh, l.Title, float64(l.Failures)
		return &c, setEvidence(&c.Finding, e)
	})
}

// Restored resolves the alert that stands about the source, if there is one. What a person works on stays in progress.
func (w *SourceWatch) Restored(ctx context.Context, source string, at time.Time) error {
	return w.episodes.change(ctx, source, func(open *alert.Alert, _ time.Time) (*alert.Change, error) {
		if open == nil {
			return nil, nil
		}
		var e sourceEvidence
		if err := evidenceInto(open, &e); err != nil {
			return nil, err
		}
		at := at.UTC()
		e.Restored, e.Consequence, e.After = &at, cmp.Or(e.After, afterLoss), ""
		return resolved(open, at, e)
	})
}

// DescribeSourceAccess is it for readers of the detections.
func DescribeSourceAccess() alert.Detection {
	return alert.Detection{
		ID: SourceAccess, Title: "A source is lost",
		Description: "Sealwatch no longer gets what it watches: DocuSign or the directory refuses it (consent withdrawn, role, key or permission removed, no Monitor), the call budget is used up, or the source has not been read to its end in time (a quarter of an hour for events). " +
			"It is resolved by itself when the source is back; what it missed is read then.",
		Severity: alert.SeverityHigh, Techniques: []string{"T1562.008"}, SubjectType: "source",
		FalsePositives: []string{"Maintenance of DocuSign, of the network, or of this machine", "A key or a role that was changed on purpose"},
		Response: []string{"Read evidence.problem: it says what to do, and whom to ask.", "Run sealwatch doctor (monitor, docusign or entra) with the service's configuration.",
			"Find out who changed the consent, the role or the key: an attacker who is administrator begins there.", "When it is back, look at what came in from the gap."},
	}
}
