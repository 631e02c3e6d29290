package main

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func TestWhySaysOnlyWhatSaysSomething(t *testing.T) {
	for _, c := range []struct {
		name     string
		evidence map[string]any
		want     string
	}{
		{"a score alone", map[string]any{"kind": "transfer"}, ""},
		{"no other place", map[string]any{"distanceKm": 0.0, "before": []any{}, "daysSinceLastThere": 0.0}, ""},
		{"another place as near", map[string]any{"distanceKm": 0.0, "before": []any{map[string]any{"city": "bonn"}}}, "0 km apart, score 1.0"},
		{"a journey within a town", map[string]any{"distanceKm": 0.0, "from": map[string]any{"city": "bonn"}}, "0 km apart, score 1.0"},
		{"the feed that names an address", map[string]any{"ipAddresses": []any{"192.0.2.1"}, "sources": []any{"feodo", "operator"}}, "named by feodo, operator, score 1.0"},
		{"a year after leaving", map[string]any{"hoursSinceLeaving": 7817.0}, "326 days after access should have ended, score 1.0"},
		{"a day after leaving", map[string]any{"hoursSinceLeaving": 30.2}, "30 h after access should have ended, score 1.0"},
	} {
		evidence, err := structpb.NewStruct(c.evidence)
		if err != nil {
			t.Fatal(err)
		}
		if got := why(&sealwatchv1.Alert{Detection: "suspicious_ip", Evidence: evidence, Score: 1}); got != c.want {
			t.Errorf("%s: %q, expected %q", c.name, got, c.want)
		}
	}
}
