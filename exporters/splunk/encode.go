package splunk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// encoder writes a change as one event of HEC: time, host, source, sourcetype and index, the fields as event, and those for the
// index as fields. Of an event with any other key beside these, Splunk replies success and keeps neither it nor those behind it.
type encoder struct {
	// envelope is what comes behind the time, the same for all.
	envelope []byte
	// heartbeats is that of heartbeats.
	heartbeats []byte
	// events is that of forwarded events.
	events   []byte
	settings payload.Settings
}

func newEncoder(o *Options) encoder {
	return encoder{envelope: envelope(o, o.Sourcetype), heartbeats: envelope(o, HeartbeatSourcetype), events: envelope(o, EventSourcetype), settings: o.Payload.Complete()}
}

func envelope(o *Options, sourcetype string) []byte {
	var b []byte
	for _, pair := range [][2]string{{"host", o.Host}, {"source", o.Source}, {"sourcetype", sourcetype}, {"index", o.Index}} {
		if pair[1] != "" {
			b = append(append(append(b, `,"`...), pair[0]...), `":`...)
			b = appendString(b, pair[1])
		}
	}
	return b
}

// appendEnvelope begins an event with its time and what is the same for all.
func appendEnvelope(b []byte, at time.Time, envelope []byte) []byte {
	b = append(b, '{')
	begun := len(b)
	if t := eventTime(at); t != "" {
		b = append(append(append(b, `"time":"`...), t...), '"')
	}
	b = append(b, envelope...)
	if len(b) > begun && b[begun] == ',' {
		b = slices.Delete(b, begun, begun+1)
	}
	return b
}

// listed are how many elements of a list are sent: those first, and fewer when the event does not fit although everything else is shortened.
var listed = []int{100, 10, 1}

// encode returns the event in at most so many bytes, shortened where that is needed. The error says that it cannot be short enough.
func (e *encoder) encode(c *alert.Change, most int) (b []byte, err error) {
	for _, n := range listed {
		if b, err = e.fit(c, most, n); err == nil {
			return b, nil
		}
	}
	return nil, err
}

func (e *encoder) fit(c *alert.Change, most, elements int) ([]byte, error) {
	var v *payload.View // of the whole alert: what it tells of, such as addresses, stays although the evidence is shortened
	var cut []string
	return payload.Fit(c, most, func(d *exporters.Document) ([]byte, error) {
		if v == nil {
			v = e.settings.View(c, d)
			cut = bound(v, elements)
		}
		told := *d
		told.Truncated = append(slices.Clone(d.Truncated), cut...)
		v.Document = &told
		b := appendEnvelope(make([]byte, 0, 4096+len(d.Evidence)+len(d.Title)), c.Updated, e.envelope)
		b, err := appendFields(append(b, `,"event":`...), fields, v)
		if err != nil {
			return nil, err
		}
		if b, err = appendFields(append(b, `,"fields":`...), indexed, v); err != nil {
			return nil, err
		}
		return append(b, '}'), nil
	})
}

// mostElement bounds an element of a list, in bytes.
const mostElement = 256

// bound leaves so many elements of each list, and returns the names of the fields that it changed.
func bound(v *payload.View, elements int) (cut []string) {
	if len(v.Addresses) > elements {
		v.Addresses = v.Addresses[:elements]
		cut = append(cut, "src_ips")
	}
	short := func(name string, all []string) []string {
		most := mostElement
		if elements == 1 {
			most = 64
		}
		out, changed := make([]string, 0, min(len(all), elements)), len(all) > elements
		for _, text := range all[:min(len(all), elements)] {
			out = append(out, payload.Cut(text, most))
			changed = changed || out[len(out)-1] != text
		}
		if changed {
			cut = append(cut, name)
		}
		return out
	}
	v.Countries = short("src_countries", v.Countries)
	c := *v.Change
	c.SuppressedBy = short("suppressed_by", c.SuppressedBy)
	v.Change = &c
	return cut
}

func appendFields(b []byte, all []field, v *payload.View) ([]byte, error) {
	b = append(b, '{')
	for i := range all {
		f := &all[i]
		var err error
		if b, err = appendField(b, f.name, f.value(v)); err != nil {
			return nil, fmt.Errorf("field %s of change %d: %w", f.name, v.Change.Sequence, err)
		}
	}
	return append(b, '}'), nil
}

// appendField appends nothing for what is empty.
func appendField(b []byte, name string, value any) ([]byte, error) {
	before := len(b)
	if b[before-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(append(b, '"'), name...), `":`...)
	start := len(b)
	b, err := appendValue(b, value)
	if len(b) == start {
		b = b[:before]
	}
	return b, err
}

// appendValue appends nothing for what is empty.
func appendValue(b []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case string:
		if value == "" {
			return b, nil
		}
		return appendString(b, value), nil
	case []string:
		if len(value) == 0 {
			return b, nil
		}
		b = append(b, '[')
		for i, s := range value {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']'), nil
	case uint64:
		return strconv.AppendUint(b, value, 10), nil
	case exporters.Score:
		text, err := value.MarshalJSON()
		return append(b, text...), err
	case json.RawMessage:
		if len(value) == 0 {
			return b, nil
		}
		if hasBlanks(value) {
			var compact bytes.Buffer
			if err := json.Compact(&compact, value); err != nil {
				return nil, err
			}
			value = compact.Bytes()
		}
		return append(b, exporters.EscapeInvisible(value)...), nil
	}
	return nil, fmt.Errorf("%T is no value of a field", value)
}

// hasBlanks says whether valid JSON has blanks between its parts. What the engine and json.Marshal write has none, and compacting costs more
// than everything else that is done to it.
func hasBlanks(text []byte) bool {
	inside := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			inside = !inside
		case '\\':
			i++
		case ' ', '\t', '\n', '\r':
			if !inside {
				return true
			}
		}
	}
	return false
}

// appendString writes a text in valid UTF-8. What a reader could not see is escaped, as exporters.Document does.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	copied := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(append(b, s[copied:i]...), '\\', byte(r))
			copied = i + width
		case r == utf8.RuneError && width == 1, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			b = appendEscaped(append(b, s[copied:i]...), r)
			copied = i + width
		}
		i += width
	}
	return append(append(b, s[copied:]...), '"')
}

func appendEscaped(b []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

func formatUint(n uint64) string { return strconv.FormatUint(n, 10) }
