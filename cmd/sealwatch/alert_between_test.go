package main

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
)

// TestBetween: the time between the ends of a journey is said as the title of impossible_travel says it.
func TestBetween(t *testing.T) {
	for want, hours := range map[string]float64{"within a minute": 0.01, "a minute between": 0.025, "2 minutes between": 2.0 / 60, "9 minutes between": 0.15, "1.6 hours between": 1.6} {
		if got := between(map[string]*structpb.Value{"hours": structpb.NewNumberValue(hours)}); got != want {
			t.Errorf("%v hours are %q, want %q", hours, got, want)
		}
	}
	if got := between(nil); got != "" {
		t.Errorf("nothing is %q", got)
	}
}
