package sentinel_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// TestGolden sends an alert of each detection through the SDK into both tables, and keeps what arrives.
func TestGolden(t *testing.T) {
	golden, err := exportertest.Golden()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []sentinel.Table{sentinel.ASIM, sentinel.Custom} {
		t.Run(string(table), func(t *testing.T) {
			s := sentineltest.New(t, declared())
			o := options(t, s)
			o.Table = table
			var at time.Time
			o.Clock = func() time.Time { return at }
			x := newExporter(t, o)
			var got bytes.Buffer
			for i := range golden {
				at = golden[i].Updated.Add(time.Second)
				s.Change(func(s *sentineltest.Server) { s.Now = o.Clock })
				if e := export(t, x, []alert.Change{golden[i].Change}); e.Kind != "ok" {
					t.Fatalf("%s: %+v", golden[i].Name, e)
				}
				rows := s.Rows()
				text, err := json.MarshalIndent(rows[len(rows)-1].Values, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString("== " + golden[i].Name + "\n" + string(text) + "\n")
			}
			compare(t, string(table)+".txt", got.String())
		})
	}
}

// TestHeartbeat arrives in a stream of its own.
func TestHeartbeat(t *testing.T) {
	s := sentineltest.New(t, declared())
	h := exportertest.Heartbeat()
	o := options(t, s)
	o.Clock = func() time.Time { return h.Time.Add(time.Second) }
	s.Change(func(s *sentineltest.Server) { s.Now = o.Clock })
	if err := newExporter(t, o).ExportHeartbeat(t.Context(), &h); err != nil {
		t.Fatal(err)
	}
	row := s.Rows()[0]
	text, err := json.MarshalIndent(row.Values, "", " ")
	if err != nil || row.Stream != sentinel.StreamHeartbeat {
		t.Errorf("%s %v", row.Stream, err)
	}
	compare(t, "heartbeat.txt", string(text)+"\n")
}

// TestHeartbeatOfManyTenants is not too long.
func TestHeartbeatOfManyTenants(t *testing.T) {
	s := sentineltest.New(t, declared())
	h := exporters.Heartbeat{ID: "1", Time: now}
	for range 2000 {
		h.Watermarks = append(h.Watermarks, exporters.Watermark{Tenant: "a-tenant-with-a-long-name", Time: now})
	}
	if err := newExporter(t, options(t, s)).ExportHeartbeat(t.Context(), &h); err != nil || len(h.Watermarks) != 2000 {
		t.Error(err)
	}
}

// compare holds a text to its golden file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: %s; run with -update", name, d)
	}
}
