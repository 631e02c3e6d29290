package server_test

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// reevaluator shows one difference of each kind, and applies what has the right token.
type reevaluator struct{}

// shownToken is the token of what it shows.
const shownToken = "0123456789abcdef0123456789abcdef"

func (reevaluator) Reevaluate(ctx context.Context, q alert.ReevaluationRequest, progress func(alert.BacktestProgress) error, result func(alert.ReevaluationResult) error) error {
	if len(q.Detections) == 1 && q.Detections[0] == "own_key" { // it does not end by itself
		if err := progress(alert.BacktestProgress{}); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	for _, id := range q.Detections {
		if err := progress(alert.BacktestProgress{Detection: id, Fraction: 1, Reached: epoch, Alerts: 2}); err != nil {
			return err
		}
		subject := alert.Subject{Type: "user", ID: "u1", Email: "ada@example.com"}
		if err := result(alert.ReevaluationResult{Detection: id, From: q.From, To: q.To, Revisions: []uint32{1, 3}, Token: shownToken,
			Total: alert.DifferenceCount{Created: 1, Changed: 2, Withdrawn: 3, Unchanged: 4, Alerts: 5, AlertsNow: 6},
			Days:  []alert.DayDifference{{Date: "2026-07-02", DifferenceCount: alert.DifferenceCount{Created: 1}}},
			Examples: []alert.Difference{{Kind: alert.ChangeUpdated, AlertID: "00000000000000000000000000000001", Title: "Ada was in two places", Subject: subject,
				Severity: alert.SeverityLow, PreviousSeverity: alert.SeverityHigh, State: alert.StateSuppressed, PreviousState: alert.StateNew, Anchor: epoch, Start: epoch, End: epoch,
				Fields: []alert.FieldDifference{{Field: "severity", Before: "high", After: "low"}}}}}); err != nil {
			return err
		}
	}
	return nil
}

func (reevaluator) ApplyReevaluation(_ context.Context, o alert.ReevaluationOrder) ([]alert.DetectionVersion, error) {
	var made []alert.DetectionVersion
	for id, token := range o.Tokens {
		if token != shownToken {
			return nil, fault.New(fault.InvalidArgument, "detections: %s has changed since it was shown", id)
		}
		made = append(made, alert.DetectionVersion{Detection: id, Revision: 4, ValidFrom: o.From, ValidTo: o.To, MadeBy: o.Author, MadeAt: epoch})
	}
	return made, nil
}
