package exporters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Document is a change in the JSON form of the REST API (message Alert of sealwatch.v1), with its kind as "change".
// It leaves out what is empty, and the comments of people. 64-bit counters are JSON numbers.
type Document struct {
	Name           string           `json:"name"`
	Change         string           `json:"change"`
	Tenant         string           `json:"tenant,omitempty"`
	Detection      string           `json:"detection"`
	Title          string           `json:"title,omitempty"`
	Severity       string           `json:"severity"`
	State          string           `json:"state"`
	Subject        DocumentSubject  `json:"subject"`
	StartTime      string           `json:"startTime,omitempty"`
	EndTime        string           `json:"endTime,omitempty"`
	CreateTime     string           `json:"createTime,omitempty"`
	UpdateTime     string           `json:"updateTime,omitempty"`
	EventIDs       []string         `json:"eventIds,omitempty"`
	EventCount     uint64           `json:"eventCount"`
	Score          Score            `json:"score"`
	Evidence       json.RawMessage  `json:"evidence,omitempty"`
	Context        *DocumentContext `json:"context,omitempty"`
	SupersededBy   string           `json:"supersededBy,omitempty"`
	FindingKey     string           `json:"findingKey,omitempty"`
	Sequence       uint64           `json:"sequence"`
	Assignee       string           `json:"assignee,omitempty"`
	Classification string           `json:"classification,omitempty"`
	// Reason of the classification.
	Reason string `json:"reason,omitempty"`
	// Truncated names the fields that an exporter shortened to stay within the receiver's limit.
	Truncated []string `json:"truncated,omitempty"`
}

// DocumentSubject is whom or what the alert is about.
type DocumentSubject struct {
	Type        string `json:"type,omitempty"`
	ID          string `json:"id,omitempty"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// NewDocument returns the change as a document. Evidence that is no JSON object appears as {"raw": "text"}.
func NewDocument(c *alert.Change) Document {
	d := Document{
		Name: "alerts/" + c.ID, Change: enum("ALERT_CHANGE_", c.Kind), Tenant: c.Tenant, Detection: c.Detection,
		Title: c.ToldTitle(), Severity: enum("SEVERITY_", c.Severity), State: enum("ALERT_STATE_", c.State()),
		Subject: DocumentSubject{Type: c.Subject.Type, ID: c.Subject.ID, Email: c.Subject.Email,
			DisplayName: c.Subject.DisplayName},
		StartTime: timestamp(c.Start), EndTime: timestamp(c.End), CreateTime: timestamp(c.Created),
		UpdateTime: timestamp(c.Updated), EventIDs: c.EventIDs, EventCount: c.EventCount, Score: Score(c.Score),
		Evidence: object(c.Evidence), Context: newContext(c.Context), FindingKey: c.Key, Sequence: c.Sequence, Assignee: c.Triage.Assignee,
	}
	if c.SupersededBy != "" {
		d.SupersededBy = "alerts/" + c.SupersededBy
	}
	if c.Triage.Classification != "" {
		d.Classification = enum("ALERT_CLASSIFICATION_", c.Triage.Classification)
	}
	if c.Triage.Reason != "" {
		d.Reason = enum("ALERT_REASON_", c.Triage.Reason)
	}
	return d
}

// Encode returns the document as one line of JSON in valid UTF-8. Control characters and invisible format characters
// (among them the bidirectional marks) are escaped as \uXXXX, so that the line can be shown on a terminal as it is.
func (d *Document) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding change %d of alert %q as JSON: %w", d.Sequence, d.Name, err)
	}
	return EscapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// Score is a number that may be no JSON number; it is then a string, as protobuf's JSON has it.
type Score float64

// MarshalJSON implements json.Marshaler.
func (s Score) MarshalJSON() ([]byte, error) {
	switch f := float64(s); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}

// enum is a domain constant as the protobuf enumeration spells it.
func enum(prefix, value string) string {
	if value == "" {
		return prefix + "UNSPECIFIED"
	}
	return prefix + strings.ToUpper(value)
}

// timestamp is empty for a time that RFC 3339 cannot express.
func timestamp(t time.Time) string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func object(text string) json.RawMessage {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return nil
	}
	if trimmed[0] == '{' && json.Valid([]byte(trimmed)) {
		return json.RawMessage(trimmed)
	}
	raw, err := json.Marshal(map[string]string{"raw": text})
	if err != nil { // a map of strings always has a JSON form
		return nil
	}
	return raw
}

// EscapeInvisible escapes control characters, invisible format characters and broken bytes as \uXXXX. The JSON MUST be
// compact: what it replaces can only stand inside a string there. It returns b itself where there is nothing to escape.
func EscapeInvisible(b []byte) []byte {
	if !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c >= 0x7f }) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	copied := 0 // b up to here is in out
	for i := 0; i < len(b); {
		if b[i] >= ' ' && b[i] < 0x7f {
			i++
			continue
		}
		r, width := utf8.DecodeRune(b[i:])
		if broken := r == utf8.RuneError && width == 1; broken || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			out = append(out, b[copied:i]...)
			copied = i + width
			out = AppendEscaped(out, r)
		}
		i += width
	}
	return append(out, b[copied:]...)
}

// AppendEscaped appends a character as JSON escapes it.
func AppendEscaped(b []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
