package syslog

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
)

// shortening is tried in this order until the message fits; each step returns the names of the fields that it changed.
// The names of the alert and of its successor and the sequence always stay as they are.
var shortening = []func(*exporters.Document) []string{
	eventIDs(10), noContext, evidenceValues(4096), evidenceValues(1024), evidenceValues(256), evidenceValues(64),
	halfOfEvidence, halfOfEvidence, halfOfEvidence, halfOfEvidence, noEvidence, eventIDs(0),
	texts(256), texts(128), texts(64), texts(32), texts(16),
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
					short, err = json.Marshal(cut(text, most/2))
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

// texts cuts every text.
func texts(most int) func(*exporters.Document) []string {
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
			if short := cut(*f.text, most); short != *f.text {
				*f.text = short
				changed = append(changed, f.name)
			}
		}
		return changed
	}
}

const ellipsis = "…"

// cut shortens a text so that it takes at most so many bytes when it is encoded.
func cut(text string, most int) string {
	size, fits := 0, 0
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRuneInString(text[i:])
		if size += cost(r); size > most {
			return text[:fits] + ellipsis
		}
		if i += width; size <= most-len(ellipsis) {
			fits = i
		}
	}
	return text
}

// cost is the most bytes that a character takes in JSON or structured data.
func cost(r rune) int {
	switch {
	case r == '"', r == '\\', r == ']':
		return 2
	case r > 0xffff && invisible(r):
		return len(`\udb40\udc01`)
	case r == utf8.RuneError, invisible(r):
		return len(`\u2028`)
	}
	return utf8.RuneLen(r)
}
