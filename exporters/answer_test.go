package exporters_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode"
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

// TestAnswerHidesWritings: a secret is found however it is written, and a part of a path by itself.
func TestAnswerHidesWritings(t *testing.T) {
	const path, token = "/services/T00/B00/s3cr3tw0rd", "ab/cd+ef=="
	for said, want := range map[string]string{
		`{"error":"no hook \/services\/T00\/B00\/s3cr3tw0rd"}`:     `{"error":"no hook [secret]"}`,
		`no hook \u002fservices\u002FT00\u002fB00\u002fs3cr3tw0rd`: "no hook [secret]",
		"no hook s3cr3tw0rd.":                                            "no hook [secret].",
		"no hook /services/T00/B00/\ns3cr3tw0rd":                         "no hook [secret]",
		"no hook /services/T00/B00/s3cr3t\u200bw0rd":                     "no hook [secret]",
		"no hook /SERVICES/T00/B00/S3CR3TW0RD":                           "no hook [secret]",
		"no hook %2fservices%2ft00%2Fb00%2fs3cr3tw0rd":                   "no hook [secret]",
		"no hook %252fservices%252ft00%252Fb00%252fs3cr3tw0rd":           "no hook [secret]",
		"no hook &#47;services&#x2f;T00&sol;B00&#47s3cr3tw0rd":           "no hook [secret]",
		`token "ab\/cd+ef=="`:                                            `token "[secret]"`,
		"token ab/cd%2bef%3d%3d":                                         "token [secret]",
		"token ab%2fcd%2Bef%3D%3d":                                       "token [secret]",
		"Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+token)): "Basic dTp[secret]=",
		"the field severity is missing":                                  "the field severity is missing",
	} {
		if got := exporters.Answer([]byte(said), path, token, ""); got != want && !(strings.HasPrefix(said, "Basic") && strings.Contains(got, "[secret]")) {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}

// FuzzAnswer writes each character of a secret in one of the ways that there are, some of them in another.
func FuzzAnswer(f *testing.F) {
	f.Add("/services/T00/B00/s3cr3tw0rd", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add("11111111-aaaa-4aaa-8aaa-111111111111", []byte{8, 2, 5})
	f.Add("&lt%41\\u0041x;", []byte{7, 1})
	f.Add("s\u017fK\u212aelvin", []byte{1, 9})
	f.Fuzz(func(t *testing.T, secret string, ways []byte) {
		secret = strings.Map(func(r rune) rune {
			if r == '+' || r == '\\' || r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) || unicode.IsMark(r) {
				return -1
			}
			return r
		}, secret)
		if utf8.RuneCountInString(secret) < 4 || len(ways) == 0 || len(secret) > 100 {
			return
		}
		var b strings.Builder
		for i, r := range []rune(secret) {
			c := string(r)
			switch ways[i%len(ways)] % 12 {
			case 1:
				c = strings.ToUpper(c)
			case 2:
				c = fmt.Sprintf("\\u{%x}", r)
			case 3:
				c = fmt.Sprintf("&#%d;", r)
			case 4:
				c = fmt.Sprintf("&#x%X;", r)
			case 5:
				c = escaped(c, "%%%02x")
			case 6:
				c = escaped(c, "%%%02X")
			case 7:
				c = escaped(escaped(c, "%%%02x"), "%%%02x")
			case 8:
				c = strings.ReplaceAll(fmt.Sprintf("\\U%08x", r), "\\", "&#92;")
			case 9:
				c += "\u200b\r\n\t "
			case 10:
				c += "\\n"
			case 11:
				c = "\u200b" + c
			}
			b.WriteString(c)
		}
		written := b.String()
		if strings.ContainsAny(secret, "&%") { // of which what is beside it may become a part
			if got := exporters.Answer([]byte("no ["+written+"]"), secret); !strings.Contains(got, "[secret]") {
				t.Errorf("%q written as %q: %q", secret, written, got)
			}
			return
		}
		if got := strings.ReplaceAll(exporters.Answer([]byte("no <"+written+">"), secret), "\\n", ""); strings.Join(strings.Fields(got), "") != "no<[secret]>" {
			t.Errorf("%q written as %q: %q", secret, written, got)
		}
	})
}

func escaped(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}
