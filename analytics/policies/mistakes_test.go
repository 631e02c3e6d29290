package policies_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/analytics/policies"
)

// TestMistakesOfAFile: each with its line and key, in the words of the file, and none hides another.
func TestMistakesOfAFile(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes/files.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Why, File, Want string
		Tests           bool
	}
	if err := yaml.Unmarshal(text, &cases); err != nil || len(cases) < 8 {
		t.Fatal(err, len(cases))
	}
	for _, c := range cases {
		_, err := policies.Parse([]byte(c.File))
		if c.Tests {
			_, err = policies.ReadCases("t.yaml", []byte(c.File))
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want := strings.TrimSpace(c.Want); got != want {
			t.Errorf("%s:\n%s\nexpected\n%s", c.Why, got, want)
		}
	}
	p, err := policies.Parse([]byte("id: x\nname: X\nseverity: high\nkey: user\nfilter: {field: activity, operator: equals, values: [export]}\ncondition: {type: repeated, count: 3, within: 1w}\n"))
	if err != nil || time.Duration(p.Condition.Within) != 7*24*time.Hour {
		t.Errorf("%v, %v", p.Condition.Within, err)
	}
	if text, err := policies.Format(&p); err != nil || !strings.Contains(string(text), "within: 7d\n") {
		t.Errorf("%s, %v", text, err)
	}
	_, err = policies.Parse([]byte("id: 1\nname: X\nseverity: hgih\n"))
	if err = policies.InFile("a.yaml", err); !strings.HasPrefix(err.Error(), "a.yaml: ") || strings.Count(err.Error(), "\na.yaml: ") != strings.Count(err.Error(), "\n") {
		t.Error(err)
	}
}

// strangeLines are files that end lines as YAML may, and not by \\n alone; each with a time that is none, which is replaced in its line.
var strangeLines = []string{
	"name: \"a\u2028b\"\neffectiveFrom: soon", "# x\u0085\neffectiveFrom: soon", "name: X\rseverity: low\reffectiveFrom: soon\r", "name: X\r\neffectiveFrom: 'soon'\r\n", "name: \"a\u2029b\"\neffectiveFrom: \"soon\"\n",
	"description: |\n  a\u2028  b\neffectiveFrom: soon\n", "{name: \"ééé\", effectiveFrom: soon}", "effectiveFrom: |\n  soon\n", "name: &a soon\neffectiveFrom: *a\n", "effectiveFrom: !!str soon", "\ufeffeffectiveFrom: soon", "effectiveFrom: \"so\n  on\"",
}

func TestStrangeLines(t *testing.T) {
	for _, text := range strangeLines {
		_, err := policies.Parse([]byte(text))
		if err == nil {
			t.Errorf("%q: no mistake", text)
			continue
		}
		said := strings.Split(err.Error(), "\n")
		if n := strings.Count(err.Error(), "effectiveFrom: found "); n != 1 || strings.Contains(err.Error(), "could not find") || strings.Contains(err.Error(), "parsing time") {
			t.Errorf("%q: %q", text, said)
		}
	}
	// what else is wrong is said, too
	for text, want := range map[string]string{
		"id: x\rname: \"a\u2028 b\"\rkey: user\rcondition: {type: single}\reffectiveFrom: soon\rseverity: hgih\r": "line 6: effectiveFrom: found \"soon\", expected a time such as 2026-05-01T08:00:00Z\nline 7: severity: found \"hgih\", expected informational, low, medium, high, critical; did you mean high?",
		"{id: x, name: \"ééé\", key: user, condition: {type: single}, effectiveFrom: soon, severity: hgih}":       "line 1: effectiveFrom: found \"soon\", expected a time such as 2026-05-01T08:00:00Z\nline 1: severity: found \"hgih\", expected informational, low, medium, high, critical; did you mean high?",
	} {
		if _, err := policies.Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q:\n%v\nwant\n%s", text, err, want)
		}
	}
}

// FuzzParse: whatever a file has, it is a policy or a mistake.
func FuzzParse(f *testing.F) {
	for _, text := range strangeLines {
		f.Add([]byte(text))
	}
	f.Add([]byte("id: x\nname: X\nseverity: high\nkey: user\nfilter: {field: country, operator: equals, values: [DE]}\ncondition: {type: repeated, count: 3, within: 1w}\n"))
	f.Add([]byte("\xff\xfee\x00:\x00 \x00s\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := policies.Parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("a mistake without words")
			}
			return
		}
		again, err := policies.Format(&p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policies.Parse(again); err != nil {
			t.Errorf("%s\n%v", again, err)
		}
	})
}
