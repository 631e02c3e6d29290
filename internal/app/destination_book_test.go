package app

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// TestTrialSaysWhatItIs in every format, so that nobody takes it for an alert.
func TestTrialSaysWhatItIs(t *testing.T) {
	settings, err := payloadSettings("")
	if err != nil {
		t.Fatal(err)
	}
	c := trialAlert("default", "siem", time.Now())
	for _, name := range format.Names() {
		e, err := format.New(name, settings)
		if err != nil {
			t.Fatal(err)
		}
		text, err := payload.Encode(e, &c, 2000)
		if err != nil || !strings.Contains(string(text), "Test of the destination siem, no alert") || !strings.Contains(string(text), c.ID) {
			t.Errorf("%s: %s %v", name, text, err)
		}
	}
}
