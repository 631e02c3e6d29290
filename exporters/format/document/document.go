// Package document is the JSON of the REST API as a format of alerts.
package document

import (
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Encoder writes exporters.Document as one line of JSON.
type Encoder struct{}

var _ payload.Encoder = Encoder{}

// Name implements payload.Encoder.
func (Encoder) Name() string { return "json" }

// Append implements payload.Encoder.
func (Encoder) Append(b []byte, _ *alert.Change, d *exporters.Document) ([]byte, error) {
	text, err := d.Encode()
	return append(b, text...), err
}
