package splunk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// benchBatch is as many alerts as a destination sends at once: those of the golden files, again and again.
const benchBatch = 500

// spent is the processor time that our exporter takes for so many batches: encoding, compressing, sending and, where the token has them,
// asking for acknowledgements.
func spent(b *testing.B, o splunk.Options, all []alert.Change, batches int) time.Duration {
	b.Helper()
	o.Payload = exportertest.BenchSettings(b, "../..")
	return exportertest.Spent(b, newExporter(b, o), all, batches)
}

// perSecond is events in a second of processor time.
func perSecond(events int, took time.Duration) float64 { return float64(events) / took.Seconds() }

// sender is the Collector's exporter, a process of its own.
func sender(b *testing.B) string {
	b.Helper()
	binary, err := filepath.Abs("../../bin/hecsender")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		b.Skip("bin/hecsender is missing: make bin/hecsender builds it")
	}
	return binary
}

// BenchmarkBesideCollector sends the same events with our exporter and with splunk_hec of the OpenTelemetry Collector to one receiver, the
// Collector's, and compares the processor time of the two senders. Ours begins with alerts, theirs with records in the Collector's form.
func BenchmarkBesideCollector(b *testing.B) {
	binary := sender(b)
	all := exportertest.BenchChanges(b, benchBatch)
	events := writeEvents(b, all)
	for _, gzip := range []bool{true, false} {
		b.Run(fmt.Sprintf("gzip=%v", gzip), func(b *testing.B) {
			c := newCollector(b)
			const batches = 40
			var ours, acked, theirs time.Duration
			sent := 0
			for b.Loop() {
				o := c.options()
				o.NoGzip, o.NoAck = !gzip, true
				ours += spent(b, o, all, batches)
				o = c.options()
				o.NoGzip = !gzip
				acked += spent(b, o, all, batches)
				text, err := exec.CommandContext(b.Context(), binary, "-endpoint", "http://"+c.address, "-events", events, "-batches", strconv.Itoa(batches), fmt.Sprintf("-gzip=%v", gzip)).Output()
				if err != nil {
					b.Fatalf("%v: %s", err, text)
				}
				var r struct {
					Events     int
					CPUSeconds float64
				}
				if err := json.Unmarshal(text, &r); err != nil || r.Events != batches*benchBatch {
					b.Fatalf("%v in %s", err, text)
				}
				theirs += time.Duration(r.CPUSeconds * float64(time.Second))
				sent += r.Events
			}
			b.ReportMetric(perSecond(sent, ours), "ours/cpu-s")
			b.ReportMetric(perSecond(sent, acked), "ours-acked/cpu-s")
			b.ReportMetric(perSecond(sent, theirs), "theirs/cpu-s")
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
			b.ReportMetric(theirs.Seconds()/acked.Seconds(), "ratio-acked")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// writeEvents writes what our exporter sends of the alerts into a file, a line each.
func writeEvents(b *testing.B, all []alert.Change) string {
	b.Helper()
	s := splunktest.New(b)
	o := options(b, s)
	o.Payload = exportertest.BenchSettings(b, "../..")
	if err := newExporter(b, o).Export(context.Background(), all); err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	for _, e := range s.Events() {
		line, err := json.Marshal(map[string]any{"event": e.Raw, "fields": e.Fields})
		if err != nil {
			b.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	name := filepath.Join(b.TempDir(), "events.jsonl")
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Logf("a batch has %d events, %d bytes", len(s.Events()), text.Len())
	return name
}

// BenchmarkSend encodes, compresses and sends to a receiver in the process that reads and throws away.
func BenchmarkSend(b *testing.B) {
	r := exportertest.NewHTTPReceiver(b, func(w http.ResponseWriter, q *http.Request) []exportertest.Delivery {
		_, _ = io.Copy(io.Discard, q.Body)
		_, _ = io.WriteString(w, `{"text":"Success","code":0}`)
		return nil
	})
	defer r.Close()
	o := options(b)
	o.Endpoints, o.Roots, o.Payload = []string{r.URL()}, r.Roots(), exportertest.BenchSettings(b, "../..")
	exportertest.Bench(b, newExporter(b, o), exportertest.BenchChanges(b, benchBatch))
}
