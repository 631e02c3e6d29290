package terminal

import (
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain, grün, 日本語 \\":      "plain, grün, 日本語 \\",
		"a\x1b[31mred":             `a\x1b[31mred`,
		"line\nbreak\r\ttab\x00":   `line\nbreak\r\ttab\x00`,
		"abc\u202egpj.exe\u2069":   `abc\u202egpj.exe\u2069`,
		"zero\u200bwidth\u2028end": `zero\u200bwidth\u2028end`,
		"c1\u009b31m":              `c1\u009b31m`,
		"bad\xff\xfebytes":         `bad\xff\xfebytes`,
		"real \ufffd":              "real \ufffd",
		"tag\U000e0041":            `tag\U000e0041`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCell(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{{"ab", 4, "ab  "}, {"abcd", 4, "abcd"}, {"abcde", 4, "abc…"}, {"ü\x1bx", 4, `ü\x…`}} {
		if got := Cell(c.in, c.width); got != c.want {
			t.Errorf("Cell(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "a\x1b\u202e\u009b\x7f", "\U000e0041", "日本"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Text(s) {
			if !unicode.IsPrint(r) {
				t.Fatalf("Text(%q) shows %U", s, r)
			}
		}
		if !utf8.ValidString(s) {
			return
		}
		text, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(text)
		for _, r := range string(safe) {
			if !unicode.IsPrint(r) {
				t.Fatalf("JSON(%q) shows %U", text, r)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(safe, &back); err != nil || back[s] != s {
			t.Fatalf("JSON(%q) = %q reads as %q, %v", text, safe, back, err)
		}
	})
}
