// Package payload is what the formats of alerts have in common: what an encoder is, what it is told beside the change, the view
// of an alert that flat formats fill their fields from, and how a message is made to fit.
package payload

import (
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Encoder writes changes in one format: one line of valid UTF-8 without a control character or a mark of direction, whatever the
// alert's texts hold. It is for concurrent use.
type Encoder interface {
	// Name of the format, as the configuration has it.
	Name() string
	// Append adds the payload to b. Texts come from d, which is the change's document, perhaps shortened; times and numbers
	// from c.
	Append(b []byte, c *alert.Change, d *exporters.Document) ([]byte, error)
	// AppendHeartbeat adds a heartbeat, which no reader of the format can take for an alert.
	AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error)
	// AppendEvent adds an event, which no reader of the format can take for an alert. Texts come from d, which is its document, perhaps
	// shortened; times, numbers and its id from e.
	AppendEvent(b []byte, e *event.Event, d *exporters.EventDocument) ([]byte, error)
}

// Encode returns the payload in at most so many bytes; 0 sets no bound.
func Encode(e Encoder, c *alert.Change, most int) ([]byte, error) {
	return Fit(c, most, func(d *exporters.Document) ([]byte, error) { return e.Append(nil, c, d) })
}

// Detection is what a format says of a detection beside its id.
type Detection struct {
	Title string
	// Techniques of MITRE ATT&CK, for example T1078.004.
	Techniques []string
	// Response is what to do, step by step.
	Response []string
	// AddressPath is where the evidence has the address at issue, or a list of them, for example to.ipAddress; empty when the
	// detection names none.
	AddressPath string
}

// Settings are told to every encoder.
type Settings struct {
	// Version of the product; devel when empty.
	Version string
	// Detection knows the detections by id; nil knows none.
	Detection func(id string) (Detection, bool)
	// AlertURL is where a person finds the alert; {id} stands for its id. Empty when there is no such place.
	AlertURL string
}

// Names of the product in every format.
const (
	Vendor  = "Sealwatch"
	Product = "Sealwatch"
	Service = "DocuSign"
)

// Complete fills in the defaults.
func (s Settings) Complete() Settings {
	if s.Version == "" {
		s.Version = "devel"
	}
	if s.Detection == nil {
		s.Detection = func(string) (Detection, bool) { return Detection{}, false }
	}
	return s
}

// Severity is the severity from 0 to 10, as CEF has it: 0 to 3 are low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high.
func Severity(severity string) int {
	return [...]int{0, 1, 3, 6, 8, 10}[alert.SeverityRank(severity)]
}

// Word is a value of an enumeration as people and flat formats have it: ALERT_STATE_IN_PROGRESS is in_progress.
func Word(value, prefix string) string { return strings.ToLower(strings.TrimPrefix(value, prefix)) }

// Row is a line of a format's table in the documentation.
type Row struct{ Field, Has, Note string }
