package webhook_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/webhook"
)

// BenchmarkSend encodes, signs and sends to a receiver in the process that reads and throws away.
func BenchmarkSend(b *testing.B) {
	for _, name := range []string{"json", "ocsf"} {
		b.Run(name, func(b *testing.B) {
			r := exportertest.NewHTTPReceiver(b, func(_ http.ResponseWriter, q *http.Request) []exportertest.Delivery {
				_, _ = io.Copy(io.Discard, q.Body)
				return nil
			})
			defer r.Close()
			p, err := format.New(name, exportertest.BenchSettings(b, "../.."))
			if err != nil {
				b.Fatal(err)
			}
			x, err := webhook.New(webhook.Options{URL: r.URL() + "/hook", Payload: p, CAFile: r.CAFile(), SecretFile: write(b, secret)})
			if err != nil {
				b.Fatal(err)
			}
			defer x.Close(b.Context())
			exportertest.Bench(b, x, exportertest.BenchChanges(b, 100))
		})
	}
}
