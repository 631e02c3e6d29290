package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestEveryFactHasWords: what a shipped detection says is told in the words of a person, or by another line.
func TestEveryFactHasWords(t *testing.T) {
	text, err := os.ReadFile("../../exporters/exportertest/testdata/alerts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Detection string
		Evidence  map[string]any
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if strings.HasPrefix(a.Detection, "policy_") {
			continue
		}
		for key := range a.Evidence {
			if !slices.Contains(told, key) && !containsFact(factsOf(a.Detection), key) {
				t.Errorf("%s: nothing says %q of the evidence; write it into facts.yaml", a.Detection, key)
			}
		}
		evidence, err := structpb.NewStruct(a.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range evidenceLines(&sealwatchv1.Alert{Detection: a.Detection, Evidence: evidence}) {
			if strings.ContainsAny(line, "{|") && !strings.Contains(line, "{\"") || strings.HasSuffix(strings.TrimSpace(line), ":") {
				t.Errorf("%s: found the line %q, expected a sentence", a.Detection, line)
			}
		}
	}
}

// TestEveryFactOfPoliciesHasWords: all policies have the same evidence.
func TestEveryFactOfPoliciesHasWords(t *testing.T) {
	text, err := os.ReadFile("../../analytics/policies/sql/finding.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, members, _ := strings.Cut(string(text), "'Tuple(")
	members, _, _ = strings.Cut(members, "')) AS evidence")
	if n := strings.Count(members, ","); n < 15 {
		t.Fatalf("found %d members of the evidence in finding.sql: %s", n, members)
	}
	for member := range strings.SplitSeq(members, ",") {
		key := strings.Fields(member)[0]
		if !slices.Contains(told, key) && !containsFact(factsOf("policy_any"), key) {
			t.Errorf("nothing says %q of the evidence of policies; write it into facts.yaml", key)
		}
	}
}

func TestFactText(t *testing.T) {
	for _, c := range []struct {
		words string
		value any
		want  string
	}{
		{"known from {day}|new", 3, "known from 3 days"}, {"known from {day}|new", 1, "known from 1 day"}, {"known from {day}|new", 0, "new"}, {"known from {day}", 0, ""}, {"known from {day}", -1, ""},
		{"it took {hour}", 0.04, "it took 2 minutes"}, {"it took {hour}", 15.471, "it took 15.5 hours"}, {"chance {}", 1e-9, "chance less than 0.001"}, {"{person} declined", 2, "2 people declined"},
		{"even|not even", true, "even"}, {"even|not even", false, "not even"}, {"even", false, ""}, {"place: {}", "  ", ""}, {"place: {}", "Oslo {day}", "place: Oslo {day}"}, {"", 7, ""}, {"users: {}", []any{}, ""},
	} {
		v, err := structpb.NewValue(c.value)
		if err != nil {
			t.Fatal(err)
		}
		if got := factText(c.words, v, shownValue(&sealwatchv1.Alert{}, "", v)); got != c.want {
			t.Errorf("%q of %v: got %q, want %q", c.words, c.value, got, c.want)
		}
	}
}

func TestDeviceAndPlaceInWords(t *testing.T) {
	for name, want := range map[string]string{"Chrome 126 on Windows 10": "Chrome 126 on Windows 10", "Other on Other": silent, "Other": "", "": "", "Other on Windows 10": "Windows 10", "Python Requests 2 on Other": "Python Requests 2"} {
		if got := device(name); got != want {
			t.Errorf("device %q: got %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"new york": "New York", "são paulo": "São Paulo", "saint-denis": "Saint-Denis", "'s-hertogenbosch": "'s-Hertogenbosch", "İzmir": "İzmir", "": ""} {
		if got := place(name); got != want {
			t.Errorf("place %q: got %q, want %q", name, got, want)
		}
	}
	if got := placeText("singapore", "Singapore"); got != "Singapore" {
		t.Errorf("a city that is a country: %q", got)
	}
}
