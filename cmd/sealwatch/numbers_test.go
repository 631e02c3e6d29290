package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNumbersHaveTheirNoun: one event is no "1 events". A number and the plural of its noun in one format is right for some numbers only;
// numbered, plural and count are for all.
func TestNumbersHaveTheirNoun(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 40 {
		t.Fatal(err, len(files))
	}
	several := regexp.MustCompile(`%(?:d|\.0f) (?:\w+ )?(?:events|alerts|ranges|people|policies|days|exceptions|records|files|times|addresses|users|findings|incidents|rows|changes|messages|tests|attacks|lines|duplicates|conflicts|hunts|detections)\b`)
	// what is said only of more than a hundred, or of two and more
	right := []string{"the filter selects %d alerts, more than %d", "no difference: all %d detections", "begins the ids of %d alerts", "%d people have the name %q", "last on %s, and kept counting", "on %d of the last 30 days"}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if !several.MatchString(line) {
				continue
			}
			fine := false
			for _, r := range right {
				fine = fine || strings.Contains(line, r)
			}
			if !fine {
				t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	}
}
