package app_test

import (
	"testing"
	"time"
)

// TestADetectionSaysThatItIsBlind: of log-ons that all succeed the detection of failed ones says what it lacks.
func TestADetectionSaysThatItIsBlind(t *testing.T) {
	s := run(t, settings(t))
	s.importBody(travel(1, time.Now().Add(-2*time.Hour)))
	s.settled()
	for id, want := range map[string]string{"failed_logins": "DETECTION_STATE_BLIND", "impossible_travel": "DETECTION_STATE_OK"} {
		if got := s.get("/v1/detections/" + id)["status"].(map[string]any); got["state"] != want {
			t.Errorf("%s is %v, expected %s", id, got, want)
		}
	}
	inputs := s.get("/v1/detections/failed_logins")["status"].(map[string]any)["inputs"].([]any)
	for _, i := range inputs {
		input := i.(map[string]any)
		if causes := input["likelyCauses"].([]any); (input["events"].(float64) == 0) != (len(causes) > 0) {
			t.Errorf("%v has %v events and the causes %q", input["name"], input["events"], causes)
		}
	}
}
