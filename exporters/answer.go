package exporters

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostOfAnswer bounds what is repeated of what a receiver said, in characters.
const mostOfAnswer = 300

// Answer is what a receiver said in the body of its answer, for an error: one line of visible characters, 300 at most. A receiver may
// repeat what it was sent, so that each of the secrets is taken out, as Redact does. Empty when it said nothing.
func Answer(body []byte, secrets ...string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range Redact(string(body), secrets...) {
		switch {
		case unicode.IsSpace(r), r == utf8.RuneError, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			space = b.Len() > 0
			continue
		case n >= mostOfAnswer:
			return b.String() + "..."
		case space:
			b.WriteByte(' ')
			n++
		}
		b.WriteRune(r)
		n, space = n+1, false
	}
	return b.String()
}
