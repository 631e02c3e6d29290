// Package ocsf writes alerts as Detection Findings (class 2004) of the Open Cybersecurity Schema Framework.
package ocsf

import (
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Version of the schema.
const Version = "1.8.0"

// Encoder writes one JSON object with the attributes of the table in fields.go. What OCSF has no attribute for is under unmapped, by
// its name in the JSON of the REST API, so that nothing is lost.
type Encoder struct{ settings payload.Settings }

// New returns an encoder.
func New(s payload.Settings) *Encoder { return &Encoder{s.Complete()} }

// Name implements payload.Encoder.
func (*Encoder) Name() string { return "ocsf" }

// Append implements payload.Encoder.
func (e *Encoder) Append(b []byte, c *alert.Change, d *exporters.Document) ([]byte, error) {
	v := &view{View: e.settings.View(c, d), version: e.settings.Version}
	finding := object{}
	for i := range fields {
		if value := fields[i].value(v); present(value) {
			finding.set(fields[i].path, value)
		}
	}
	return appendObject(b, finding, fmt.Sprintf("change %d of alert %q", c.Sequence, d.Name))
}

// object is a JSON object.
type object map[string]any

// set puts a value at a path such as finding_info.uid.
func (o object) set(path string, value any) {
	for {
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			o[name] = value
			return
		}
		inner, ok := o[name].(object)
		if !ok {
			inner = object{}
			o[name] = inner
		}
		o, path = inner, rest
	}
}

// present says whether there is something to send.
func present(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []string:
		return len(v) > 0
	case []object:
		return len(v) > 0
	case object:
		return len(v) > 0
	}
	return true
}
