package analytics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// DirectoryHold is the id under which alerts about held deliveries of a directory are raised. Like those of SourceAccess they
// are about Sealwatch itself, and no view finds them.
const DirectoryHold = "directory_hold"

// HeldDelivery is a delivery of a directory that was not applied.
type HeldDelivery struct {
	// Source is the directory.
	Source string
	// At is when the delivery was looked at.
	At time.Time
	// People were active before, Left of them would leave; more than Limit percent is too many.
	People, Left, Limit int
	// Leavers are some of them, by name or id.
	Leavers []string
	// Confirm says how somebody lets it be applied.
	Confirm string
}

// DirectoryWatch raises an alert while a directory has a delivery that is held: one a source, which is resolved when a
// delivery of that source is applied.
type DirectoryWatch struct{ episodes episodes }

// NewDirectoryWatch writes through the log.
func NewDirectoryWatch(tenant string, store SourceStore, log *Log, clock func() time.Time) *DirectoryWatch {
	return &DirectoryWatch{episodes{tenant: tenant, detection: DirectoryHold, store: store, log: log, clock: clock}}
}

// holdEvidence is what a person needs to judge it.
type holdEvidence struct {
	Source       string     `json:"source"`
	Noticed      time.Time  `json:"noticed"`
	Looked       time.Time  `json:"looked"`
	ActiveBefore int        `json:"activeBefore"`
	Left         int        `json:"left"`
	LimitPercent int        `json:"limitPercent"`
	Leavers      []string   `json:"leavers"`
	Confirm      string     `json:"confirm"`
	Consequence  string     `json:"consequence"`
	Applied      *time.Time `json:"applied,omitempty"`
}

const (
	whileHeld = "Until it is applied nothing new of this directory is known: who left since is not seen by terminated_user."
	afterHold = "A delivery of this directory has been applied since."
)

// Held raises the alert, or says in the present one that the numbers or the people have changed.
func (w *DirectoryWatch) Held(ctx context.Context, d HeldDelivery) error {
	subject := directorySubject(d.Source)
	return w.episodes.change(ctx, subject, func(open *alert.Alert, now time.Time) (*alert.Change, error) {
		e := holdEvidence{Source: d.Source, Noticed: now, Looked: d.At.UTC(), ActiveBefore: d.People, Left: d.Left, LimitPercent: d.Limit, Leavers: d.Leavers, Confirm: d.Confirm, Consequence: whileHeld}
		c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{Triage: alert.Triage{State: alert.StateNew}}}
		if open != nil {
			var before holdEvidence
			if err := evidenceInto(open, &before); err != nil {
				return nil, err
			}
			if before.Left == d.Left && before.ActiveBefore == d.People && slices.Equal(before.Leavers, d.Leavers) {
				return nil, nil // known already
			}
			c = alert.Change{Kind: alert.ChangeUpdated, Alert: *open}
			c.Follow(open)
			e.Noticed = before.Noticed
		} else {
			c.Finding = w.episodes.finding(subject, d.At)
			c.ID = c.AlertID()
		}
		c.End, c.Severity, c.Score = now, alert.SeverityMedium, float64(d.Left)
		c.Title = fmt.Sprintf("A delivery of the directory %s is held: %d of %d active people would leave", d.Source, d.Left, d.People)
		return &c, setEvidence(&c.Finding, e)
	})
}

// Applied resolves the alert that stands about the directory, if there is one. What a person works on stays in progress.
func (w *DirectoryWatch) Applied(ctx context.Context, source string, at time.Time) error {
	return w.episodes.change(ctx, directorySubject(source), func(open *alert.Alert, _ time.Time) (*alert.Change, error) {
		if open == nil {
			return nil, nil
		}
		var e holdEvidence
		if err := evidenceInto(open, &e); err != nil {
			return nil, err
		}
		at := at.UTC()
		e.Applied, e.Consequence = &at, afterHold
		return resolved(open, at, e)
	})
}

// directorySubject is how a directory is named as the subject of an alert.
func directorySubject(source string) string { return "directory/" + source }

// DescribeDirectoryHold is it for readers of the detections.
func DescribeDirectoryHold() alert.Detection {
	return alert.Detection{
		ID: DirectoryHold, Title: "A delivery of a directory is held",
		Description: "By a delivery of a directory so many people would leave at once that it is rather an error of the source, or of somebody who changes it. Nothing of it is stored until somebody confirms it, or the source delivers something else. " +
			"It is resolved by itself when a delivery of that directory is applied.",
		Severity: alert.SeverityMedium, Techniques: []string{"T1531"}, SubjectType: "source",
		FalsePositives: []string{"A reorganisation, or the end of a contract with many people", "A filter or a permission of the source that was changed, so that it shows fewer people"},
		Response: []string{"Compare evidence.leavers with what the people who run the directory know.",
			"If they have left, confirm it with evidence.confirm. If they have not, repair the source: the next delivery is compared anew.",
			"If nobody knows why, somebody may be locking people out: look at who changed the directory."},
	}
}
