package sentinel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
)

// BenchmarkSend encodes, compresses and sends through the SDK to a receiver in the process that reads and throws away.
func BenchmarkSend(b *testing.B) {
	entra := httptest.NewTLSServer(sentineltest.NewHandler(declared()))
	defer entra.Close()
	for _, table := range []sentinel.Table{sentinel.ASIM, sentinel.Custom} {
		b.Run(string(table), func(b *testing.B) {
			r := exportertest.NewHTTPReceiver(b, func(w http.ResponseWriter, q *http.Request) []exportertest.Delivery {
				_, _ = io.Copy(io.Discard, q.Body)
				w.WriteHeader(http.StatusNoContent)
				return nil
			})
			defer r.Close()
			o := options(b, nil)
			o.Endpoint, o.Authority, o.Roots, o.Table = r.URL(), entra.URL, r.Roots(), table
			o.Payload = exportertest.BenchSettings(b, "../..")
			x, err := sentinel.New(o)
			if err != nil {
				b.Fatal(err)
			}
			defer x.Close(b.Context())
			exportertest.Bench(b, x, exportertest.BenchChanges(b, 100))
		})
	}
}
