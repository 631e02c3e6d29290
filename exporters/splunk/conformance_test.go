package splunk_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
)

// TestConformance is with acknowledgements; without them an export ends with the reply, which TestReplies has in every form.
func TestConformance(t *testing.T) {
	poisoned := exportertest.Change(99)
	poisoned.ID = strings.Repeat("0", 12_000) // stays whole, so that the event can never be short enough
	exportertest.RunHTTP(t, exportertest.HTTPFactory{
		Factory: exportertest.Factory{
			NewExporter: func(t testing.TB, r exportertest.Receiver, timeout time.Duration) exporters.Exporter {
				o := options(t)
				o.Logger = nil // the suite looks at the default one
				o.Endpoints, o.Roots, o.RequestTimeout, o.MaxBytes = []string{"https://" + r.Address()}, r.(*exportertest.HTTPReceiver).Roots(), timeout, 20_000
				o.AckTimeout = min(timeout, 10*time.Second)
				x, err := splunk.New(o)
				if err != nil {
					t.Fatal(err)
				}
				return x
			},
			Poisoned: poisoned,
		},
		NewHTTPReceiver: func(t testing.TB) *exportertest.HTTPReceiver {
			s := splunktest.NewHandler()
			s.Ack = true
			return exportertest.NewHTTPReceiver(t, func(w http.ResponseWriter, r *http.Request) (got []exportertest.Delivery) {
				for _, e := range s.Serve(w, r) {
					if e.Sourcetype == splunk.HeartbeatSourcetype {
						got = append(got, exportertest.Delivery{Heartbeat: strings.Trim(string(e.Event["id"]), `"`)})
						continue
					}
					if e.Sourcetype == splunk.EventSourcetype {
						got = append(got, exportertest.Delivery{Event: fmt.Sprint(e.Fields["event_uid"])})
						continue
					}
					sequence, err := strconv.ParseUint(fmt.Sprint(e.Fields["event_sequence"]), 10, 64)
					if err != nil {
						t.Errorf("event_sequence: %v", err)
					}
					got = append(got, exportertest.Delivery{AlertID: fmt.Sprint(e.Fields["event_uid"]), Sequence: sequence})
				}
				return got
			})
		},
		Secret: splunktest.Token,
		// What is no reply of HEC loses nothing.
		Kinds: map[int]exporters.ErrorKind{http.StatusBadRequest: exporters.Unauthorized, http.StatusUnprocessableEntity: exporters.Unauthorized},
	})
}
