package exporters

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostOfAnswer bounds what is repeated of what a receiver said, in characters.
const mostOfAnswer = 300

// Answer is what a receiver said in the body of its answer, for an error: one line of visible characters, 300 at most. A receiver may
// repeat what it was sent, so that each of the secrets is taken out, as it is and in the ways in which it is usually written. Empty when
// it said nothing.
func Answer(body []byte, secrets ...string) string {
	text := string(body)
	for _, s := range secrets {
		for _, written := range writings(s) {
			text = strings.ReplaceAll(text, written, "[secret]")
		}
	}
	var b strings.Builder
	n, space := 0, false
	for _, r := range text {
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

// writings are a secret as JSON, HTML, a URL or a header of basic authentication would have it. The longer ones come first where one
// holds another.
func writings(s string) []string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	quoted, err := json.Marshal(s)
	if err != nil { // a text always has a JSON form
		quoted = []byte(`""`)
	}
	all := []string{s, html.EscapeString(s), url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s))}
	if inner := strings.Trim(string(quoted), `"`); inner != "" {
		all = append(all, inner)
	}
	return all
}
