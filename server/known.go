package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/spelling"
	"github.com/sealwatch/sealwatch/server/problem"
)

// checkDetections refuses ids of detections that there are not, naming those that there are: a filter that can match
// nothing would look as if there were nothing to see. The field is the path of the list in the request.
func checkDetections(d Detections, field string, ids []string) error {
	return checkKnown(d, field, ids, func(string) (bool, error) { return false, nil })
}

// checkFormer is checkDetections for what is read. An id that a later release removed stays good: its alerts are stored, and a reader
// that has followed it for long is not refused after an upgrade.
func checkFormer(d Detections, field string, ids []string) error {
	return checkKnown(d, field, ids, func(id string) (bool, error) { return d.Former(id), nil })
}

// checkDetections is checkFormer; releases before the versions were stored have left nothing of a detection but its alerts.
func (s *alertService) checkDetections(ctx context.Context, ids []string) error {
	return checkKnown(s.detections, "filter.detections", ids, func(id string) (bool, error) {
		if s.detections.Former(id) {
			return true, nil
		}
		_, total, err := s.alerts.ListAlerts(ctx, s.tenant, alert.Filter{Detections: []string{id}, States: anyState}, alert.Order{}, 0, alert.Cursor{}, 1)
		return total > 0, err
	})
}

// anyState is every state that an alert can have.
var anyState = append(slices.Clone(alert.OpenStates), alert.StateSuppressed, alert.StateRetracted)

// checkKnown asks former of the ids that are not in the list.
func checkKnown(d Detections, field string, ids []string, former func(id string) (bool, error)) error {
	if len(ids) == 0 {
		return nil
	}
	list := d.List()
	var violations []problem.Violation
	for i, id := range ids {
		if _, found := slices.BinarySearchFunc(list, id, byID); found {
			continue
		}
		switch known, err := former(id); {
		case err != nil:
			return fmt.Errorf("look for detection %q: %w", id, err)
		case known:
			continue
		}
		names := make([]string, len(list))
		for k := range list {
			names[k] = list[k].ID
		}
		violations = append(violations, problem.Violation{Field: fmt.Sprintf("%s[%d]", field, i),
			Description: fmt.Sprintf("there is no detection %q%s", id, spelling.Instead(id, names))})
	}
	if len(violations) == 0 {
		return nil
	}
	message := violations[0].Field + ": " + violations[0].Description
	if more := len(violations) - 1; more > 0 {
		message = fmt.Sprintf("%s, and %d more are not known", message, more)
	}
	return problem.Invalid(message, violations...)
}
