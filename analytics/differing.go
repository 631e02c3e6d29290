package analytics

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// differing are the parts of a finding that are others than before, what matters most first.
func differing(before, after *alert.Finding) []alert.FieldDifference {
	var all []alert.FieldDifference
	add := func(field, b, a string) {
		if b != a {
			all = append(all, alert.FieldDifference{Field: field, Before: shortened(b), After: shortened(a)})
		}
	}
	add("severity", before.Severity, after.Severity)
	add("title", before.Title, after.Title)
	add("subject", nameOf(before.Subject), nameOf(after.Subject))
	add("suppressedBy", strings.Join(before.SuppressedBy, ", "), strings.Join(after.SuppressedBy, ", "))
	add("eventCount", fmt.Sprint(before.EventCount), fmt.Sprint(after.EventCount))
	add("events", strings.Join(missing(before.EventIDs, after.EventIDs), ", "), strings.Join(missing(after.EventIDs, before.EventIDs), ", "))
	add("startTime", before.Start.UTC().Format(time.RFC3339Nano), after.Start.UTC().Format(time.RFC3339Nano))
	add("endTime", before.End.UTC().Format(time.RFC3339Nano), after.End.UTC().Format(time.RFC3339Nano))
	add("score", fmt.Sprint(before.Score), fmt.Sprint(after.Score))
	b, a := entries(before.Evidence), entries(after.Evidence)
	names := make(map[string]bool, len(b)+len(a))
	for name := range b {
		names[name] = true
	}
	for name := range a {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		add("evidence."+name, string(b[name]), string(a[name]))
	}
	return all
}

// nameOf is what people call a subject, with what it is.
func nameOf(s alert.Subject) string {
	parts := []string{s.Type, s.ID}
	for _, name := range []string{s.DisplayName, s.Email} {
		if name != "" {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, " ")
}

// entries of evidence by name; none where it is no JSON object.
func entries(evidence string) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(evidence), &all) != nil {
		return nil
	}
	return all
}

// missing are those of all that others has not.
func missing(all, others []string) []string {
	var out []string
	for _, id := range all {
		if !slices.Contains(others, id) {
			out = append(out, id)
		}
	}
	return out
}

// mostShown is how much of a value a difference shows, in characters.
const mostShown = 120

func shortened(text string) string {
	if r := []rune(text); len(r) > mostShown {
		return string(r[:mostShown-1]) + "…"
	}
	return text
}
