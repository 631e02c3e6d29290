package monitor

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// samples is the folder of published records beside the repository.
func samples(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "docusign", "samples")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the sample records are not there: %v", err)
		}
		t.Skipf("skipped: the sample records are not there: %v", err)
	}
	return dir
}

// TestSamples reads every published sample to its end.
func TestSamples(t *testing.T) {
	want := map[string]int{"datadog_activity_logs.json": 5, "sumologic_event_and_alert.json": 2,
		"xsiam_mock_v2_page.json": 2, "ballerina_v3_mock_page.SYNTHETIC.json": 2}
	for name, records := range want {
		file, err := os.Open(filepath.Join(samples(t), name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		n := 0
		for r := NewReader(file, Options{}); ; n++ {
			item, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := Decode(item.Raw); err != nil {
				t.Errorf("%s: record %d: %v", name, item.Index, err)
			}
		}
		if n != records {
			t.Errorf("%s: %d records, want %d", name, n, records)
		}
	}
}
