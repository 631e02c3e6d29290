package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

const (
	// idLength is how many characters the id of an alert has, idBeginning how few of them name one.
	idLength    = 32
	idBeginning = 4
)

// alertNames are the names of alerts that were given by id, by the beginning of one, or by name, each once and in their order.
func alertNames(ctx context.Context, client sealwatchv1.AlertServiceClient, given []string) ([]string, error) {
	var all []string
	for _, text := range given {
		id := strings.ToLower(strings.TrimPrefix(text, alertPrefix))
		if len(id) < idBeginning || len(id) > idLength || strings.Trim(id, "0123456789abcdef") != "" {
			return nil, usagef("ALERT: found %q, expected the id of an alert, or %d or more characters from its beginning, as alerts list shows them", text, idBeginning)
		}
		if len(id) == idLength {
			all = append(all, alertPrefix+id)
			continue
		}
		const most = 5
		page, err := client.ListAlerts(ctx, &sealwatchv1.ListAlertsRequest{PageSize: most, Filter: &sealwatchv1.AlertFilter{Names: []string{alertPrefix + id}, States: allStates()}})
		if err != nil {
			return nil, err
		}
		switch found := page.GetAlerts(); len(found) {
		case 0:
			return nil, fmt.Errorf("there is no alert whose id begins with %s", id)
		case 1:
			all = append(all, found[0].GetName())
		default:
			var lines []string
			for _, a := range found {
				lines = append(lines, alertID(a))
			}
			if more := int(page.GetTotalSize()) - len(found); more > 0 {
				lines = append(lines, fmt.Sprintf("%d more", more))
			}
			return nil, usagef("ALERT: %s begins the ids of %d alerts; say which: %s", id, max(int(page.GetTotalSize()), len(found)), strings.Join(lines, ", "))
		}
	}
	for i, name := range all {
		if slices.Contains(all[:i], name) {
			return nil, usagef("ALERT: %s is named twice", strings.TrimPrefix(name, alertPrefix))
		}
	}
	return all, nil
}

// allStates are the states that alerts can have, those too that a list leaves out unless it is asked for them.
func allStates() []sealwatchv1.AlertState {
	var all []sealwatchv1.AlertState
	for v := range int32(len(sealwatchv1.AlertState_name)) {
		if v > 0 {
			all = append(all, sealwatchv1.AlertState(v))
		}
	}
	return all
}
