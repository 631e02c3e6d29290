package file_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/file"
)

// reader is a program that collects the lines. Refuse moves the folder away.
type reader struct {
	t      testing.TB
	folder string
}

func newReader(t testing.TB) exportertest.Receiver {
	r := &reader{t, filepath.Join(t.TempDir(), "out")}
	if err := os.Mkdir(r.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) Address() string { return filepath.Join(r.folder, "alerts.ndjson") }

func (r *reader) Behave(f exportertest.Fault) {
	from, to := r.folder+".away", r.folder
	if f == exportertest.Refuse {
		from, to = to, from
	}
	if _, err := os.Stat(to); err == nil { // it behaves so already
		return
	}
	if err := os.Rename(from, to); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) Received() (all []exportertest.Delivery) {
	for _, folder := range []string{r.folder, r.folder + ".away"} {
		for _, line := range lines(r.t, folder, "alerts", true) {
			var h exporters.HeartbeatDocument
			if err := json.Unmarshal(line, &h); err == nil && h.Type == exporters.HeartbeatType {
				all = append(all, exportertest.Delivery{Heartbeat: h.ID})
				continue
			}
			var e exporters.EventDocument
			if err := json.Unmarshal(line, &e); err == nil && e.Type == exporters.EventType {
				all = append(all, exportertest.Delivery{Event: e.EventID})
				continue
			}
			var d exporters.Document
			if err := json.Unmarshal(line, &d); err != nil {
				r.t.Errorf("%v in %.200q", err, line)
			}
			all = append(all, exportertest.Delivery{AlertID: strings.TrimPrefix(d.Name, "alerts/"), Sequence: d.Sequence})
		}
	}
	return all
}

func (r *reader) Close() {}

// lines of the rotated files in their order, and of the one that is written to, which a reader may meet in the middle of a line.
func lines(t testing.TB, folder, stem string, writing bool) (all [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, stem+"*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(names, func(a, b string) int { // "-" of a time sorts before "."
		return strings.Compare(filepath.Base(a), filepath.Base(b))
	})
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			if writing {
				return lines(t, folder, stem, writing) // it was rotated in between
			}
			t.Fatal(err)
		}
		var in io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if slices.Contains(names, strings.TrimSuffix(name, ".gz")) {
				t.Errorf("%s is there twice", name)
			}
			if in, err = gzip.NewReader(f); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		b := bufio.NewReader(in)
		for {
			line, err := b.ReadBytes('\n')
			if err == nil {
				all = append(all, bytes.TrimSuffix(line, []byte("\n")))
				continue
			}
			if len(line) > 0 && !(writing && i == len(names)-1) || err != io.EOF {
				t.Errorf("%s: %v behind %.100q", name, err, line)
			}
			break
		}
		f.Close()
	}
	return all
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]file.Options{"one file": {MaxBytes: 8 << 20}, "rotated": {MaxBytes: 9000, MaxAge: time.Second}} {
		t.Run(name, func(t *testing.T) {
			poisoned := exportertest.Change(99)
			poisoned.ID = strings.Repeat("0", int(o.MaxBytes)) // is never shortened
			exportertest.Run(t, exportertest.Factory{NewReceiver: newReader, Poisoned: poisoned,
				Datagrams: true, // there is no connection that could be lost
				NewExporter: func(t testing.TB, r exportertest.Receiver, _ time.Duration) exporters.Exporter {
					o := o
					o.Path = r.Address()
					x, err := file.New(o)
					if err != nil {
						t.Fatal(err)
					}
					return x
				}})
		})
	}
}
