package sentinel_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
)

// TestConformance has Entra ID at an address of its own, so that the suite's faults are those of the ingestion.
func TestConformance(t *testing.T) {
	fake := sentineltest.NewHandler(declared())
	fake.Now = func() time.Time { return now } // as the clock of the options is
	entra := httptest.NewTLSServer(fake)
	t.Cleanup(entra.Close)
	poisoned := exportertest.Change(99)
	poisoned.ID = strings.Repeat("0", 40_000) // stays whole, so that the row can never be short enough
	exportertest.RunHTTP(t, exportertest.HTTPFactory{
		Factory: exportertest.Factory{
			NewExporter: func(t testing.TB, r exportertest.Receiver, timeout time.Duration) exporters.Exporter {
				o := options(t, nil)
				o.Endpoint, o.Authority, o.Timeout, o.MaxBytes = "https://"+r.Address(), entra.URL, max(timeout, time.Second), 100_000 // a token and the rows in less than a second are too much to ask of a busy machine
				o.Roots = r.(*exportertest.HTTPReceiver).Roots()
				o.Roots.AddCert(entra.Certificate())
				o.Payload = sentinel.Options{}.Payload
				x, err := sentinel.New(o)
				if err != nil {
					t.Fatal(err)
				}
				return x
			},
			Poisoned: poisoned,
		},
		NewHTTPReceiver: func(t testing.TB) *exportertest.HTTPReceiver {
			return exportertest.NewHTTPReceiver(t, func(w http.ResponseWriter, r *http.Request) (got []exportertest.Delivery) {
				for _, row := range fake.Serve(w, r) {
					if row.Stream == sentinel.StreamHeartbeat {
						got = append(got, exportertest.Delivery{Heartbeat: row.String("HeartbeatId")})
						continue
					}
					if row.Stream == sentinel.StreamAuthentication || row.Stream == sentinel.StreamUserManagement || row.Stream == sentinel.StreamAudit {
						got = append(got, exportertest.Delivery{Event: row.String("EventOriginalUid")})
						continue
					}
					id, sequence, _ := strings.Cut(row.String("EventOriginalUid"), "-")
					n, err := strconv.ParseUint(sequence, 10, 64)
					if err != nil {
						t.Errorf("EventOriginalUid: %v", err)
					}
					got = append(got, exportertest.Delivery{AlertID: id, Sequence: n})
				}
				return got
			})
		},
		Secret: sentineltest.Secret,
	})
	if l := fake.Losses(); len(l) > 0 {
		t.Errorf("Azure would lose: %q", l[:min(len(l), 10)])
	}
}
