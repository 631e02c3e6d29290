package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/server/problem"
)

// checkDetections refuses ids of detections that there are not, naming those that there are: a filter that can match
// nothing would look as if there were nothing to see. The field is the path of the list in the request.
func checkDetections(d Detections, field string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	list := d.List()
	var violations []problem.Violation
	for i, id := range ids {
		if _, found := slices.BinarySearchFunc(list, id, byID); found {
			continue
		}
		names := make([]string, len(list))
		for k := range list {
			names[k] = list[k].ID
		}
		violations = append(violations, problem.Violation{Field: fmt.Sprintf("%s[%d]", field, i),
			Description: fmt.Sprintf("there is no detection %q; expected one of %s", id, strings.Join(names, ", "))})
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
