// Package terminal makes foreign text fit to be shown on a terminal: nothing in it can move the cursor, change colours
// or turn the direction of writing.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// harmless says whether a character can be shown as it is.
func harmless(r rune) bool { return unicode.IsPrint(r) }

// Text shows control characters, marks of direction and other invisible characters as escapes (\n, \x1b, \u202e), and
// bytes that are no UTF-8 as \xNN. The result is on one line.
func Text(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !harmless(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case harmless(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// JSON writes the invisible characters inside a JSON text as \uXXXX, which changes nothing for a program that reads it.
// The text MUST be valid JSON in UTF-8.
func JSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case harmless(r) || r == '\n' || r == '\t' || r == '\r':
			out = utf8.AppendRune(out, r)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}

// Cell is Text cut or filled to a width in characters.
func Cell(s string, width int) string {
	s = Text(s)
	n := utf8.RuneCountInString(s)
	if n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	runes := []rune(s)
	return string(runes[:width-1]) + "…"
}
