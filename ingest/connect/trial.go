package connect

import (
	"encoding/base64"
	"fmt"
	"time"
)

// trialEvent names what sealwatch doctor delivers; no event of DocuSign's has its name.
const trialEvent = "sealwatch-trial"

// TrialBody is a delivery that says of itself that it is none, and is about nothing.
func TrialBody(now time.Time) []byte {
	return fmt.Appendf(nil, `{"event":%q,"generatedDateTime":%q,"data":{}}`, trialEvent, now.UTC().Format(time.RFC3339))
}

// Signature is what DocuSign would write into a header over a body.
func (k Key) Signature(body []byte) string {
	return base64.StdEncoding.EncodeToString(k.signature(body))
}

// Trial says whether a delivery that is Authentic is a trial: then it is counted as that and is to be stored nowhere. One that is
// about something is none, whatever its name.
func (r *Receiver) Trial(name string, body []byte) bool {
	s := r.find(name)
	if s == nil || !isTrial(body) {
		return false
	}
	s.metrics.deliveries[outcomeTrial].Inc()
	return true
}

func isTrial(body []byte) bool {
	if len(body) > maxTrial {
		return false
	}
	m, err := read(string(body))
	return err == nil && m.event == trialEvent && m.thing() == ""
}

// maxTrial bounds what is read a second time; a trial is shorter by far.
const maxTrial = 1 << 10
