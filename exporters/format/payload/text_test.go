package payload_test

import (
	"testing"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"}, {"longer", 5, "lo…"}, {"ééé", 6, "ééé"}, {"éééé", 6, "é…"}, {"ab\"\"\"", 7, "ab\"…"}, {"\xff\xff", 12, "\xff\xff"}, {"\xff\xff\xff", 12, "\xff…"},
		{"\ufffd\ufffd\ufffd", 12, "\ufffd…"}, {"", 5, ""}, {"\x1b\x1b", 5, "…"},
	} {
		if got := payload.Cut(c.text, c.most); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

func TestBound(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"short", 5, "short"}, {"longer", 5, "lo…"}, {"ééé", 5, "é…"}, {"abc", 2, ""}, {"漢字漢字", 8, "漢…"}, {"", 0, ""}} {
		if got := payload.Bound(c.text, c.most); got != c.want || len(got) > c.most {
			t.Errorf("Bound(%q, %d) = %q, want %q", c.text, c.most, got, c.want)
		}
	}
}
