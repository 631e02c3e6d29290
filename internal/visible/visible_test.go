package visible_test

import (
	"testing"
	"unicode"

	"github.com/sealwatch/sealwatch/internal/visible"
)

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Mozilla/5.0\x1b]0;owned\x07", "abc\u202egpj.exe\u2069", "\u2066\u200b\ufeff", "a\r\nb\tc\x00", "\u009b31m", "\xff\xfe", "\U000e0041", "\ufffd", "日本 grün"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		shown := visible.Text(s)
		for _, r := range shown {
			if !unicode.IsPrint(r) {
				t.Fatalf("Text(%q) shows %U", s, r)
			}
		}
		if again := visible.Text(shown); again != shown {
			t.Fatalf("Text(%q) = %q, and of that %q", s, shown, again)
		}
	})
}
