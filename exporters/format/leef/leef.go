// Package leef writes alerts in IBM's Log Event Extended Format 2.0, for QRadar.
package leef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Encoder writes
//
//	LEEF:2.0|Sealwatch|Sealwatch|VERSION|DETECTION|x5E|key=value^key=value
//
// with the keys of the table in fields.go. LEEF escapes nothing, so that a delimiter in a value becomes a space; the tab, which is
// LEEF's own delimiter, does not come through every relay as it is. A field without a value is left out.
type Encoder struct{ settings payload.Settings }

// New returns an encoder.
func New(s payload.Settings) *Encoder { return &Encoder{s.Complete()} }

// Name implements payload.Encoder.
func (*Encoder) Name() string { return "leef" }

const (
	delimiter   = '^'
	mostEventID = 255
	mostVersion = 100
)

// Append implements payload.Encoder.
func (e *Encoder) Append(b []byte, c *alert.Change, d *exporters.Document) ([]byte, error) {
	v := e.settings.View(c, d)
	b = append(b, "LEEF:2.0|"+payload.Vendor+"|"+payload.Product+"|"...)
	b = append(append(b, header(e.settings.Version, mostVersion)...), '|')
	b = append(append(b, header(d.Detection, mostEventID)...), "|x5E|"...)
	truncated := slices.Clone(d.Truncated)
	first := true
	for i := range fields {
		f := &fields[i]
		text := f.value(v)
		if f.key == truncatedKey {
			text = strings.Join(truncated, ",")
		}
		value := clean(text)
		if f.most > 0 && len(value) > f.most {
			value = strings.TrimSpace(payload.Bound(value, f.most))
			truncated = append(truncated, f.key)
		}
		if value == "" {
			continue
		}
		if !first {
			b = append(b, delimiter)
		}
		first = false
		b = append(append(append(b, f.key...), '='), value...)
	}
	return b, nil
}

// header is a field of the header, in which a pipe would end it.
func header(s string, most int) string {
	return strings.TrimSpace(payload.Bound(strings.ReplaceAll(payload.Visible(s), "|", "/"), most))
}

func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(payload.Visible(s), string(delimiter), " "))
}

// severity is LEEF's, from 1 to 10.
func severity(c *alert.Change) string { return strconv.Itoa(max(1, payload.Severity(c.Severity))) }
