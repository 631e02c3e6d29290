package exportertest

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// BenchChanges are so many alerts: those of the golden files, again and again.
func BenchChanges(b testing.TB, count int) []alert.Change {
	b.Helper()
	golden, err := Golden()
	if err != nil {
		b.Fatal(err)
	}
	all := make([]alert.Change, count)
	for i := range all {
		all[i] = golden[i%len(golden)].Change
		all[i].Sequence = uint64(i) + 1
	}
	return all
}

// BenchSettings are what formats are told of the detections. root is the path of the module.
func BenchSettings(b testing.TB, root string) payload.Settings {
	b.Helper()
	known := Detections(b, root)
	return payload.Settings{Version: "1.2.3", Detection: func(id string) (payload.Detection, bool) { d, ok := known[id]; return d, ok }}
}

// Spent is the processor time in which an exporter sends the batch so many times, after once for the connection and the buffers. That of
// a receiver in this process is in it.
func Spent(b testing.TB, x exporters.Exporter, batch []alert.Change, times int) time.Duration {
	b.Helper()
	send := func(n int) {
		for range n {
			for i := range batch {
				batch[i].Sequence += uint64(len(batch))
			}
			if err := x.Export(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	send(1)
	before := processorTime(b)
	send(times)
	return processorTime(b) - before
}

// Bench reports how many alerts the exporter sends in a second of processor time, in batches as they are.
func Bench(b *testing.B, x exporters.Exporter, batch []alert.Change) {
	b.Helper()
	const times = 10
	var took time.Duration
	sent := 0
	for b.Loop() {
		took += Spent(b, x, batch, times)
		sent += times * len(batch)
	}
	b.ReportMetric(float64(sent)/took.Seconds(), "alerts/cpu-s")
	b.ReportMetric(0, "ns/op")
}

func processorTime(b testing.TB) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
