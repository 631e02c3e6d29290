package policies_test

import (
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics/policies"
)

// TestMistakesOfAFile: each with its line or key, in the words of the file, and none hides another.
func TestMistakesOfAFile(t *testing.T) {
	_, err := policies.Parse([]byte("id: x\nname: X\nseverity: hgih\nkey: user\nfilter: {field: activity, operator: equals, values: [export]}\ncondition:\n  type: repeated\n  cuont: 3\n  count: many\n  within: 1x\n"))
	want := "line 8: unknown key \"cuont\"; did you mean count?; expected one of type, count, within, of, steps\n" +
		"line 9: condition.count: found \"many\", expected a whole number\n" +
		"line 10: condition.within: found \"1x\", expected a duration such as 90s, 10m, 2h30m or 7d\n" +
		"severity: found \"hgih\", expected informational, low, medium, high, critical"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nexpected\n%s", err, want)
	}
	if err = policies.InFile("a.yaml", err); err.Error()[:27] != "a.yaml: line 8: unknown key" || len(policies.InFile("b", err).Error()) != len(err.Error())+4*3 {
		t.Error(err)
	}
	p, err := policies.Parse([]byte("id: x\nname: X\nseverity: high\nkey: user\nfilter: {field: activity, operator: equals, values: [export]}\ncondition: {type: repeated, count: 3, within: 7d}\n"))
	if err != nil || time.Duration(p.Condition.Within) != 7*24*time.Hour {
		t.Errorf("%v, %v", p.Condition.Within, err)
	}
	if _, err = policies.Parse([]byte("id: x\nname: X\nseverity: high\nkey: user\ncondition: {type: repeated, count: 3, within: 365d}\n")); err == nil || err.Error() != "condition.within: found 365d, expected 1s to 31d" {
		t.Error(err)
	}
}
