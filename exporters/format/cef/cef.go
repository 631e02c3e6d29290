// Package cef writes alerts in the Common Event Format: as its specification has it, and as the retired SIEM agent of Microsoft
// Defender for Cloud Apps sent it.
package cef

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Encoder writes
//
//	CEF:0|Sealwatch|Sealwatch|VERSION|DETECTION|TITLE OF THE DETECTION|SEVERITY|key=value key=value
//
// with the keys of the table in fields.go. A field without a value is left out.
type Encoder struct{ settings payload.Settings }

// New returns an encoder.
func New(s payload.Settings) *Encoder { return &Encoder{s.Complete()} }

// Name implements payload.Encoder.
func (*Encoder) Name() string { return "cef" }

// Most bytes of the header's fields.
const (
	mostVersion = 31
	mostClass   = 1023
	mostName    = 512
)

// Append implements payload.Encoder.
func (e *Encoder) Append(b []byte, c *alert.Change, d *exporters.Document) ([]byte, error) {
	v := e.settings.View(c, d)
	b = appendHeader(b, payload.Vendor, payload.Product, e.settings.Version, d.Detection, v.Detection.Title, payload.Severity(c.Severity))
	truncated := slices.Clone(d.Truncated)
	first := true
	for i := range fields {
		f := &fields[i]
		value, cut := bound(f.value(v), f.most)
		if cut {
			truncated = append(truncated, f.key)
		}
		if f.key == truncatedKey {
			value, _ = bound(strings.Join(truncated, ","), f.most)
		}
		if value == "" {
			continue
		}
		if f.label != "" {
			b = appendPair(b, f.key+"Label", f.label, first)
			first = false
		}
		b = appendPair(b, f.key, value, first)
		first = false
	}
	return b, nil
}

func appendHeader(b []byte, vendor, product, version, class, name string, severity int) []byte {
	b = append(b, "CEF:0|"...)
	for _, field := range []string{vendor, product, payload.Bound(payload.Visible(version), mostVersion), payload.Bound(payload.Visible(class), mostClass), payload.Bound(payload.Visible(name), mostName)} {
		for i := range len(field) {
			if field[i] == '|' || field[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, field[i])
		}
		b = append(b, '|')
	}
	return append(strconv.AppendInt(b, int64(severity), 10), '|')
}

// bound is the value as a receiver reads it: no spaces around it, at most so many bytes (0 is no bound), invisible characters as
// U+FFFD, line breaks as they are. It says whether something was cut.
func bound(s string, most int) (string, bool) {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r':
			return r
		case r == '\t':
			return ' '
		case payload.Invisible(r):
			return utf8.RuneError
		}
		return r
	}, s))
	if most == 0 || len(s) <= most {
		return s, false
	}
	return strings.TrimSpace(payload.Bound(s, most)), true
}

// appendPair escapes as the specification says: a backslash, an equals sign, and line breaks.
func appendPair(b []byte, key, value string, first bool) []byte {
	if !first {
		b = append(b, ' ')
	}
	b = append(append(b, key...), '=')
	for _, r := range value {
		switch r {
		case '\\', '=':
			b = append(b, '\\', byte(r))
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
