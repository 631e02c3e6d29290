package exporters_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/exporters"
)

func TestAnswer(t *testing.T) {
	const secret = `a "token" & more/<x>`
	for name, c := range map[string]struct{ body, want string }{
		"nothing":      {" \r\n\t", ""},
		"a text":       {"the field\n\n  severity\x00 is \u202emissing ", "the field severity is missing"},
		"broken bytes": {"a\xffb", "a b"},
		"the secret":   {"Bearer " + secret + ".", "Bearer [secret]."},
		"as JSON":      {`{"got":"a \"token\" \u0026 more/\u003cx\u003e"}`, `{"got":"[secret]"}`},
		"as HTML":      {"<p>a &#34;token&#34; &amp; more/&lt;x&gt;</p>", "<p>[secret]</p>"},
		"in a query":   {"?t=a+%22token%22+%26+more%2F%3Cx%3E", "?t=[secret]"},
		"as Base64":    {"YSAidG9rZW4iICYgbW9yZS88eD4=", "[secret]"},
	} {
		if got := exporters.Answer([]byte(c.body), secret, ""); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	long := exporters.Answer([]byte(strings.Repeat("é ", 1000)))
	if n := utf8.RuneCountInString(long); n > 305 || n < 290 || !strings.HasSuffix(long, "...") {
		t.Errorf("%d characters: %s", n, long)
	}
}
