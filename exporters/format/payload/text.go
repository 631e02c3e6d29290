package payload

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Invisible says whether a character is a control character, a mark of direction or another that nobody sees.
func Invisible(r rune) bool {
	return r < ' ' || r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Visible replaces each invisible character, and each byte that is no UTF-8, by U+FFFD, and line breaks and tabs by a space.
func Visible(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || Invisible(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n', r == '\r', r == '\t':
			b.WriteByte(' ')
		case Invisible(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Bound cuts a text to at most so many bytes, at the end of a character.
func Bound(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := max(0, most-len(ellipsis))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if most < len(ellipsis) {
		return ""
	}
	return s[:end] + ellipsis
}

const ellipsis = "…"

// Cut shortens a text so that it takes at most so many bytes when it is encoded, in whatever format.
func Cut(text string, most int) string {
	size, fits := 0, 0
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRuneInString(text[i:])
		if size += cost(r); size > most {
			return text[:fits] + ellipsis
		}
		if i += width; size <= most-len(ellipsis) {
			fits = i
		}
	}
	return text
}

// cost is the most bytes that a character takes in JSON, structured data, CEF or LEEF.
func cost(r rune) int {
	switch {
	case r == '"', r == '\\', r == ']', r == '=', r == '|':
		return 2
	case r > 0xffff && Invisible(r):
		return len(`\udb40\udc01`)
	case r == utf8.RuneError, Invisible(r):
		return len(`\u2028`)
	}
	return utf8.RuneLen(r)
}
