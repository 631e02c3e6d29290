package syslog

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// encoder writes a change as one RFC 5424 message:
//
//	<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG
//
// TIMESTAMP is when this version of the alert was made. MSGID is ALERT_CREATED, ALERT_UPDATED or ALERT_RETRACTED.
// STRUCTURED-DATA is there with the formats of JSON; what reads CEF and LEEF looks for them right behind the header.
// MSG is the payload, in UTF-8 and without a byte order mark: RFC 8259 forbids one in front of JSON, and
// receivers that parse MSG as JSON stumble over it. No message holds a control character.
//
// With HeaderAgent the header is TIMESTAMP HOSTNAME alone.
type encoder struct {
	facility                int
	host, app, process, sid string
	maxBytes                int
	header                  Header
	structured              bool
	payload                 payload.Encoder
}

func newEncoder(o *Options) encoder {
	code, _ := facilityCode(o.Facility)
	name := o.Payload.Name()
	return encoder{facility: code, host: headerField(o.Hostname, 255), app: headerField(o.AppName, 48),
		process: strconv.Itoa(os.Getpid()), sid: o.StructuredDataID, maxBytes: o.MaxBytes, header: o.Header, structured: name == "json" || name == "ocsf", payload: o.Payload}
}

// severityCode is the syslog severity: critical 2 (critical), high 3 (error), medium 4 (warning), low 5 (notice), and 6
// (informational) for the rest.
func severityCode(severity string) int {
	switch severity {
	case alert.SeverityCritical:
		return 2
	case alert.SeverityHigh:
		return 3
	case alert.SeverityMedium:
		return 4
	case alert.SeverityLow:
		return 5
	}
	return 6
}

// encode returns the message, shortened to maxBytes where that is needed. The error says that it cannot be.
func (e *encoder) encode(c *alert.Change) ([]byte, error) {
	return payload.Fit(c, e.maxBytes, func(d *exporters.Document) ([]byte, error) { return e.message(c, d) })
}

func (e *encoder) message(c *alert.Change, d *exporters.Document) ([]byte, error) {
	b := make([]byte, 0, 4096)
	if e.header == HeaderAgent {
		b = append(append(b, agentTimestamp(c)...), ' ')
		if e.host != "-" {
			b = append(append(b, e.host...), ' ')
		}
		return e.payload.Append(b, c, d)
	}
	b = fmt.Appendf(b, "<%d>1 %s %s %s %s %s ", e.facility*8+severityCode(c.Severity), timestamp(c), e.host, e.app, e.process,
		headerField("ALERT_"+strings.ToUpper(c.Kind), 32))
	if !e.structured {
		return e.payload.Append(append(b, "- "...), c, d)
	}
	b = append(append(b, '['), e.sid...)
	for _, p := range parameters(d) {
		b = appendParameter(b, p[0], p[1])
	}
	return e.payload.Append(append(b, ']', ' '), c, d)
}

// eventMessage is the MSGID of an event.
const eventMessage = "EVENT"

// event returns a message with a MSGID of its own and without structured data. Its time is that of the event.
func (e *encoder) event(v *event.Event) ([]byte, error) {
	return payload.FitEvent(v, e.maxBytes, func(d *exporters.EventDocument) ([]byte, error) {
		return e.payload.AppendEvent(e.plain(make([]byte, 0, 2048), v.Time, eventMessage), v, d)
	})
}

// plain appends a header of an informational message without structured data.
func (e *encoder) plain(b []byte, at time.Time, message string) []byte {
	at = at.UTC()
	if y := at.Year(); y < 1970 || y > 9999 {
		at = time.Unix(0, 0).UTC()
	}
	if e.header != HeaderAgent {
		return fmt.Appendf(b, "<%d>1 %s %s %s %s %s - ", e.facility*8+severityCode(alert.SeverityInformational), at.Format(messageTime), e.host, e.app, e.process, message)
	}
	b = append(append(b, at.Format(agentTime)...), ' ')
	if e.host != "-" {
		b = append(append(b, e.host...), ' ')
	}
	return b
}

// heartbeatMessage is the MSGID of a heartbeat.
const heartbeatMessage = "HEARTBEAT"

// heartbeat is informational, with a MSGID of its own and without structured data.
func (e *encoder) heartbeat(h *exporters.Heartbeat) ([]byte, error) {
	b, err := e.payload.AppendHeartbeat(e.plain(make([]byte, 0, 1024), h.Time, heartbeatMessage), h)
	if err == nil && len(b) > e.maxBytes {
		err = fmt.Errorf("the heartbeat has %d bytes, at most %d were expected", len(b), e.maxBytes)
	}
	return b, err
}

// parameters are the names and values of the structured data; empty values are left out.
func parameters(d *exporters.Document) [][2]string {
	score := ""
	if d.Score != 0 {
		score = strconv.FormatFloat(float64(d.Score), 'g', -1, 64)
	}
	return [][2]string{
		{"id", strings.TrimPrefix(d.Name, "alerts/")}, {"change", payload.Word(d.Change, "ALERT_CHANGE_")},
		{"seq", strconv.FormatUint(d.Sequence, 10)}, {"tenant", d.Tenant}, {"detection", d.Detection},
		{"severity", payload.Word(d.Severity, "SEVERITY_")}, {"state", payload.Word(d.State, "ALERT_STATE_")},
		{"subjectType", d.Subject.Type}, {"subject", d.Subject.ID}, {"email", d.Subject.Email},
		{"start", d.StartTime}, {"end", d.EndTime}, {"events", strconv.FormatUint(d.EventCount, 10)}, {"score", score},
		{"supersededBy", strings.TrimPrefix(d.SupersededBy, "alerts/")}, {"truncated", strings.Join(d.Truncated, ",")},
	}
}

// appendParameter escapes as RFC 5424 section 6.3.3 says. Control characters and invisible format characters become
// U+FFFD; the JSON has the original.
func appendParameter(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(append(b, ' '), name...), `="`...)
	for _, r := range value {
		switch {
		case r == '"', r == '\\', r == ']':
			b = append(b, '\\', byte(r))
		case payload.Invisible(r):
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// headerField keeps what RFC 5424 allows in a header: visible ASCII. "-" stands for nothing.
func headerField(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s = s[:min(len(s), most)]; s == "" {
		return "-"
	}
	return s
}

// Forms of the time in the header.
const (
	messageTime = "2006-01-02T15:04:05.000000Z"
	agentTime   = "2006-01-02T15:04:05.000Z"
)

func timestamp(c *alert.Change) string {
	t := c.Updated.UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return "-"
	}
	return t.Format(messageTime)
}

// agentTimestamp has milliseconds, as the agent's had.
func agentTimestamp(c *alert.Change) string {
	t := c.Updated.UTC()
	if t.Year() < 1970 || t.Year() > 9999 {
		t = c.Created.UTC()
	}
	if t.Year() < 1970 || t.Year() > 9999 {
		return "1970-01-01T00:00:00.000Z" // a receiver takes the first word for a time, whatever it is
	}
	return t.Format(agentTime)
}
