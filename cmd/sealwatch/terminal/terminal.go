// Package terminal makes foreign text fit to be shown on a terminal: nothing in it can move the cursor, change colours
// or turn the direction of writing.
package terminal

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/internal/visible"
)

// Text shows control characters, marks of direction and other invisible characters as escapes (\n, \x1b, \u202e), and
// bytes that are no UTF-8 as \xNN. The result is on one line.
func Text(s string) string { return visible.Text(s) }

// JSON writes the invisible characters inside a JSON text as \uXXXX, which changes nothing for a program that reads it.
// The text MUST be valid JSON in UTF-8.
func JSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case visible.Rune(r) || r == '\n' || r == '\t' || r == '\r':
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
