package file_test

import (
	"path/filepath"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/file"
	"github.com/sealwatch/sealwatch/exporters/format"
)

// BenchmarkSend encodes, writes and syncs.
func BenchmarkSend(b *testing.B) {
	for _, name := range []string{"json", "ocsf"} {
		b.Run(name, func(b *testing.B) {
			p, err := format.New(name, exportertest.BenchSettings(b, "../.."))
			if err != nil {
				b.Fatal(err)
			}
			x, err := file.New(file.Options{Path: filepath.Join(b.TempDir(), "alerts.ndjson"), Payload: p, Keep: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer x.Close(b.Context())
			exportertest.Bench(b, x, exportertest.BenchChanges(b, 100))
		})
	}
}
