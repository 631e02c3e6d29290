package policy_test

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// TestValuesThatNothingHas: what cannot match is refused or doubted, with what may have been meant.
func TestValuesThatNothingHas(t *testing.T) {
	text, err := os.ReadFile("testdata/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Known policy.Values `yaml:"known"`
		Cases []struct {
			Filter policy.Filter `yaml:"filter"`
			Scope  []string      `yaml:"scope"`
			// Wrong and Doubts are the beginnings of what is said, without the rest.
			Wrong  string   `yaml:"wrong"`
			Doubts []string `yaml:"doubts"`
			Never  bool     `yaml:"never"`
		} `yaml:"cases"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Cases) < 30 {
		t.Fatal(err, len(file.Cases))
	}
	for i, c := range file.Cases {
		p := policy.Policy{ID: "p", Name: "P", Severity: "low", Key: policy.KeyUser, Filter: &c.Filter, Condition: policy.Condition{Type: policy.Single}}
		p.Scope.Include.Groups = c.Scope
		wrong := ""
		if err := p.Validate(); err != nil {
			wrong = err.Error()
		}
		if !strings.HasPrefix(wrong, c.Wrong) || c.Wrong == "" && wrong != "" {
			t.Errorf("case %d: %q, expected %q", i+1, wrong, c.Wrong)
		}
		doubts := p.Doubts(file.Known)
		for j := range max(len(doubts), len(c.Doubts)) {
			got, want := "", ""
			if j < len(doubts) {
				got = doubts[j].Where + ": " + doubts[j].Text
				if doubts[j].Never != c.Never {
					t.Errorf("case %d: never %v", i+1, doubts[j].Never)
				}
			}
			if j < len(c.Doubts) {
				want = c.Doubts[j]
			}
			if want == "" || !strings.HasPrefix(got, want) {
				t.Errorf("case %d: %q, expected %q", i+1, got, want)
			}
		}
	}
}
