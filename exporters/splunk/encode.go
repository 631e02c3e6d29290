package splunk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// encoder writes a change as one event of HEC: time, host, source, sourcetype and index, the fields as event, and those for the
// index as fields. Of an event with any other key beside these, Splunk replies success and keeps neither it nor those behind it.
type encoder struct {
	// envelope is what comes behind the time, the same for all.
	envelope  []byte
	most      int
	detection func(id string) Detection
}

func newEncoder(o *Options) encoder {
	var b []byte
	for _, pair := range [][2]string{{"host", o.Host}, {"source", o.Source}, {"sourcetype", o.Sourcetype}, {"index", o.Index}} {
		if pair[1] != "" {
			b = append(append(append(b, `,"`...), pair[0]...), `":`...)
			b = appendString(b, pair[1], -1)
		}
	}
	return encoder{envelope: b, most: o.MaxBytes, detection: o.Detection}
}

// shortening is tried in this order until the event is short enough; each step returns the names of the fields that it changed.
var shortening = []func(v *view) []string{
	func(v *view) []string { v.document.Context = nil; return []string{"context"} },
	func(v *view) []string {
		if len(v.document.EventIDs) <= 10 {
			return nil
		}
		v.document.EventIDs = v.document.EventIDs[:10]
		return []string{"event_ids"}
	},
	func(v *view) []string { v.document.Evidence = nil; return []string{"evidence"} },
	func(v *view) []string { v.limit = 1000; return nil },
	func(v *view) []string { v.limit = 100; v.document.EventIDs = nil; return []string{"event_ids"} },
	func(v *view) []string { v.limit = 20; return nil },
}

// encode returns the event, shortened where that is needed. The error says that it cannot be short enough.
func (e *encoder) encode(c *alert.Change) ([]byte, error) {
	v := view{change: c, document: exporters.NewDocument(c), detection: e.detection(c.Detection), limit: -1}
	if len(v.document.Evidence) > 0 {
		var b bytes.Buffer
		if err := json.Compact(&b, v.document.Evidence); err != nil {
			return nil, fmt.Errorf("the evidence of change %d: %w", c.Sequence, err)
		}
		v.document.Evidence = b.Bytes()
	}
	b := e.event(&v)
	for _, step := range shortening {
		if len(b) <= e.most {
			return b, nil
		}
		for _, name := range step(&v) {
			v.cut(name)
		}
		b = e.event(&v)
	}
	if len(b) > e.most {
		return nil, fmt.Errorf("the event has %d bytes even when shortened, at most %d were expected", len(b), e.most)
	}
	return b, nil
}

func (v *view) cut(name string) {
	if !slices.Contains(v.truncated, name) {
		v.truncated = append(v.truncated, name)
	}
}

func (e *encoder) event(v *view) []byte {
	if v.limit >= 0 {
		for i := range fields { // first, because truncated is a field too
			if f := &fields[i]; !f.fixed && longer(f.value(v), v.limit) {
				v.cut(f.name)
			}
		}
	}
	b := make([]byte, 0, 2048+len(v.document.Evidence)+len(v.change.Title))
	b = append(b, '{')
	if t := eventTime(v.change.Updated); t != "" {
		b = append(append(append(b, `"time":"`...), t...), '"')
	}
	b = append(b, e.envelope...)
	b = v.append(append(b, `,"event":`...), fields)
	b = v.append(append(b, `,"fields":`...), indexed)
	if b[1] == ',' {
		b = slices.Delete(b, 1, 2)
	}
	return append(b, '}')
}

func longer(value any, limit int) bool {
	switch value := value.(type) {
	case string:
		return len(value) > limit
	case []string:
		return slices.ContainsFunc(value, func(s string) bool { return len(s) > limit })
	}
	return false
}

func (v *view) append(b []byte, all []field) []byte {
	b = append(b, '{')
	for i := range all {
		f := &all[i]
		limit := v.limit
		if f.fixed {
			limit = -1
		}
		before := len(b)
		if b[before-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.name...), `":`...)
		start := len(b)
		switch value := f.value(v).(type) {
		case string:
			if value != "" {
				b = appendString(b, value, limit)
			}
		case []string:
			b = appendStrings(b, value, limit)
		case uint64:
			b = strconv.AppendUint(b, value, 10)
		case exporters.Score:
			if text, err := value.MarshalJSON(); err == nil {
				b = append(b, text...)
			}
		case json.RawMessage:
			b = append(b, exporters.EscapeInvisible(value)...)
		}
		if len(b) == start {
			b = b[:before]
		}
	}
	return append(b, '}')
}

func appendStrings(b []byte, all []string, limit int) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(b, '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s, limit)
	}
	return append(b, ']')
}

// appendString writes at most limit bytes of the text, all when it is negative, in valid UTF-8. What a reader could not see is
// escaped, as exporters.Document does.
func appendString(b []byte, s string, limit int) []byte {
	if limit >= 0 && len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
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
			b = exporters.AppendEscaped(append(b, s[copied:i]...), r)
			copied = i + width
		}
		i += width
	}
	return append(append(b, s[copied:]...), '"')
}

func formatUint(n uint64) string { return strconv.FormatUint(n, 10) }
