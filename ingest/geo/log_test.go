package geo

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogOfADatabaseWithoutADate: what is not known is not logged as the year 1.
func TestLogOfADatabaseWithoutADate(t *testing.T) {
	for name, want := range map[string]bool{"asn-ipv4.csv": false, "asn-ipv4-2026-06-01.csv": true} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte("192.0.2.0,192.0.2.255,64500,Example\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		l, err := Open(Options{ASN: []string{file}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := log.String(); !strings.Contains(got, "network database") || strings.Contains(got, "built=") != want || strings.Contains(got, "0001") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
