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
