package connect

import (
	"strings"
	"testing"
	"time"
)

// TestTrial: only what says that it is a trial, and is about nothing, is one; everything else is stored.
func TestTrial(t *testing.T) {
	r, err := New(Options{Sources: []Source{{Name: "main", Keys: []Key{NewKey("0123456789abcdef")}}}, Ingester: &store{}, Rejects: &store{}})
	if err != nil {
		t.Fatal(err)
	}
	body := TrialBody(time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC))
	if key := NewKey("0123456789abcdef"); !r.Authentic(t.Context(), "main", []string{key.Signature(body)}, body) {
		t.Error("its own signature does not hold")
	}
	for text, want := range map[string]bool{
		string(body): true,
		`{"event":"sealwatch-trial","data":{"envelopeId":"e1"}}`: false,
		`{"event":"sealwatch-trial","data":{"templateId":"t1"}}`: false,
		`{"event":"envelope-voided","data":{"envelopeId":"e1"}}`: false,
		`{"event":"envelope-voided","data":{}}`:                  false,
		`{"event":"sealwatch-trial"`:                             false,
		strings.Repeat(" ", maxTrial) + string(body):             false,
		"": false,
	} {
		if got := r.Trial("main", []byte(text)); got != want {
			t.Errorf("%.60q: %v", text, got)
		}
	}
	if r.Trial("another", body) {
		t.Error("a trial at a source that there is not")
	}
}
