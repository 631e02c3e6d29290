// Package visible escapes what a reader could not see, or what a terminal would act on. It imports the standard library only.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rune says whether a character can be shown as it is.
func Rune(r rune) bool { return unicode.IsPrint(r) }

// Text shows control characters, marks of direction and other invisible characters as escapes (\n, \x1b, \u202e), and
// bytes that are no UTF-8 as \xNN. The result is on one line. Text of its own result changes nothing.
func Text(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !Rune(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case Rune(r):
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
