package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// shortening is tried in this order until the message fits; each step returns the names of the fields that it changed.
// The names of the alert and of its successor and the sequence always stay as they are.
var shortening = []func(*exporters.Document) []string{
	eventIDs(10), noContext, evidenceValues(4096), evidenceValues(1024), evidenceValues(256), evidenceValues(64),
	halfOfEvidence, halfOfEvidence, halfOfEvidence, halfOfEvidence, noEvidence, eventIDs(0),
	shorter(256), shorter(128), shorter(64), shorter(32), shorter(16),
}

// Fit renders the change, shortened to at most so many bytes where that is needed (0 sets no bound). The names of what was shortened
// are in the document's Truncated. The error says that it cannot be made short enough.
func Fit(c *alert.Change, most int, render func(*exporters.Document) ([]byte, error)) ([]byte, error) {
	message, err := FitTo(c, func(d *exporters.Document) ([]byte, bool, error) {
		message, err := render(d)
		return message, most <= 0 || len(message) <= most, err
	})
	if errors.Is(err, errTooLong) {
		return nil, fmt.Errorf("%w, at most %d were expected", err, most)
	}
	return message, err
}

var errTooLong = errors.New("the message has too many bytes even when shortened")

// FitTo is Fit for a receiver with another rule than the length of the whole: render says whether what it returns fits.
func FitTo(c *alert.Change, render func(*exporters.Document) (message []byte, fits bool, err error)) ([]byte, error) {
	d := exporters.NewDocument(c)
	message, fits, err := render(&d)
	if err != nil || fits {
		return message, err
	}
	for _, step := range shortening {
		changed := step(&d)
		if len(changed) == 0 {
			continue
		}
		mark(&d, changed)
		if message, fits, err = render(&d); err != nil || fits {
			return message, err
		}
	}
	return nil, fmt.Errorf("%w: %d", errTooLong, len(message))
}

func mark(d *exporters.Document, fields []string) {
	for _, f := range fields {
		if !slices.Contains(d.Truncated, f) {
			d.Truncated = append(d.Truncated, f)
		}
	}
}

func eventIDs(most int) func(*exporters.Document) []string {
	return func(d *exporters.Document) []string {
		if len(d.EventIDs) <= most {
			return nil
		}
		d.EventIDs = d.EventIDs[:most]
		return []string{"eventIds"}
	}
}

// evidenceValues cuts texts in the evidence and leaves out other values, when they are longer than most bytes.
func evidenceValues(most int) func(*exporters.Document) []string {
	return func(d *exporters.Document) []string {
		return changeEvidence(d, func(values map[string]json.RawMessage) bool {
			changed := false
			for key, value := range values {
				if len(key)+len(value) <= most {
					continue
				}
				changed = true
				var text string
				short, err := []byte(nil), json.Unmarshal(value, &text)
				if err == nil {
					short, err = json.Marshal(Cut(text, most/2))
				}
				if err != nil || len(key) > most/2 {
					delete(values, key)
				} else {
					values[key] = short
				}
			}
			return changed
		})
	}
}

// halfOfEvidence keeps the first half of the keys in alphabetical order.
func halfOfEvidence(d *exporters.Document) []string {
	return changeEvidence(d, func(values map[string]json.RawMessage) bool {
		keys := slices.Sorted(maps.Keys(values))
		for _, key := range keys[len(keys)/2:] {
			delete(values, key)
		}
		return len(keys) > 0
	})
}

func noContext(d *exporters.Document) []string {
	if d.Context == nil {
		return nil
	}
	d.Context = nil
	return []string{"context"}
}

func noEvidence(d *exporters.Document) []string {
	if d.Evidence == nil {
		return nil
	}
	d.Evidence = nil
	return []string{"evidence"}
}

func changeEvidence(d *exporters.Document, change func(map[string]json.RawMessage) bool) []string {
	var values map[string]json.RawMessage
	if d.Evidence == nil || json.Unmarshal(d.Evidence, &values) != nil || !change(values) {
		return nil
	}
	evidence, err := json.Marshal(values)
	if err != nil {
		return nil
	}
	d.Evidence = evidence
	return []string{"evidence"}
}

// shorter cuts every text.
func shorter(most int) func(*exporters.Document) []string {
	return func(d *exporters.Document) (changed []string) {
		for _, f := range []struct {
			name string
			text *string
		}{
			{"title", &d.Title}, {"tenant", &d.Tenant}, {"detection", &d.Detection}, {"severity", &d.Severity}, {"state", &d.State},
			{"change", &d.Change}, {"subject", &d.Subject.Type}, {"subject", &d.Subject.ID}, {"subject", &d.Subject.Email},
			{"subject", &d.Subject.DisplayName}, {"findingKey", &d.FindingKey},
			{"assignee", &d.Assignee}, {"classification", &d.Classification}, {"reason", &d.Reason},
		} {
			if short := Cut(*f.text, most); short != *f.text {
				*f.text = short
				changed = append(changed, f.name)
			}
		}
		return changed
	}
}
