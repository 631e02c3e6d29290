package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarios reads every file that is shipped, and begins it.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		s, err := ReadScenario(file)
		if err != nil {
			t.Error(err)
			continue
		}
		g, err := New(s.Options())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if _, err := g.Next(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestUnlisted leaves a kind out of the lists, and no other.
func TestUnlisted(t *testing.T) {
	kinds := func(s Scenario) map[string]bool {
		all := map[string]bool{}
		for _, i := range s.Listed() {
			all[i.Kind] = true
		}
		return all
	}
	if all, some := kinds(Scenario{}), kinds(Scenario{Unlisted: []string{"vpn"}}); !all["vpn"] || some["vpn"] || len(some) != len(all)-1 {
		t.Errorf("%v, without vpn %v", all, some)
	}
}

func TestScenarioErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"users: many":       "cannot unmarshal",
		"usres: 3":          "usres",
		"description: x":    "users: found 0, expected 1",
		"noise: {fog: 0.1}": "noise: found fog",
		"unlisted: [fog]":   `unlisted: found "fog"`,
	} {
		file := filepath.Join(t.TempDir(), "bad.yaml")
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadScenario(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: %v, expected the file and %q", text, err, want)
		}
	}
}
