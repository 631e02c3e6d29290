package splunk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk"
)

// collector is the OpenTelemetry Collector with its receiver splunk_hec, of tools/hecreceiver. It is laxer than Splunk, and others wrote it.
type collector struct {
	t       testing.TB
	binary  string
	dir     string
	address string
	process *exec.Cmd
	output  strings.Builder
}

func newCollector(t testing.TB) *collector {
	t.Helper()
	binary, err := filepath.Abs("../../bin/hecreceiver")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		const hint = "bin/hecreceiver is missing: make bin/hecreceiver builds it"
		if os.Getenv("CI") == "true" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // only to find a free port
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := &collector{t: t, binary: binary, dir: t.TempDir(), address: l.Addr().String()}
	text := fmt.Sprintf(`extensions: {ack: {max_number_of_partition: 100, max_number_of_pending_acks_per_partition: 10000}}
receivers: {splunk_hec: {endpoint: %q, ack: {extension: ack}}}
exporters: {file: {path: %q, append: true, flush_interval: 50ms}}
service:
  extensions: [ack]
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines: {logs: {receivers: [splunk_hec], exporters: [file]}}
`, c.address, c.received())
	if err := os.WriteFile(c.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.stop() })
	c.start()
	return c
}

func (c *collector) config() string   { return filepath.Join(c.dir, "collector.yaml") }
func (c *collector) received() string { return filepath.Join(c.dir, "received.jsonl") }

func (c *collector) start() {
	c.t.Helper()
	c.process = exec.Command(c.binary, c.config())
	c.process.Stdout, c.process.Stderr = &c.output, &c.output
	if err := c.process.Start(); err != nil {
		c.t.Fatal(err)
	}
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		r, err := client.Get("http://" + c.address + "/services/collector/health")
		if err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			c.stop()
			c.t.Fatalf("the collector does not listen: %v: %s", err, &c.output)
		}
	}
}

// stop lets it write what it has.
func (c *collector) stop() {
	if c.process != nil {
		_ = c.process.Process.Signal(syscall.SIGTERM)
		_ = c.process.Wait()
		c.process = nil
	}
}

// record is a log record as OTLP has it in JSON.
type record struct {
	Time string `json:"timeUnixNano"`
	Body struct {
		Values struct {
			Values []attribute `json:"values"`
		} `json:"kvlistValue"`
	} `json:"body"`
	Attributes []attribute `json:"attributes"`
}

type attribute struct {
	Key   string `json:"key"`
	Value struct {
		Text string `json:"stringValue"`
	} `json:"value"`
}

func text(all []attribute, key string) string {
	for _, a := range all {
		if a.Key == key {
			return a.Value.Text
		}
	}
	return ""
}

// records are those that it has written so far; a line that is not whole yet is left out.
func (c *collector) records() (all []record) {
	f, err := os.Open(c.received())
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return all
		}
		var batch struct {
			Resources []struct {
				Scopes []struct {
					Records []record `json:"logRecords"`
				} `json:"scopeLogs"`
			} `json:"resourceLogs"`
		}
		if err := json.Unmarshal(line, &batch); err != nil {
			c.t.Fatalf("%v in %.200s", err, line)
		}
		for _, r := range batch.Resources {
			for _, s := range r.Scopes {
				all = append(all, s.Records...)
			}
		}
	}
}

func (c *collector) options() splunk.Options {
	o := options(c.t)
	o.Endpoints = []string{"http://" + c.address}
	return o
}

// TestCollector sends to a receiver that others wrote, which is stopped and started again in between, and compares what it has.
func TestCollector(t *testing.T) {
	c := newCollector(t)
	for _, noGzip := range []bool{false, true} {
		o := c.options()
		o.NoGzip, o.MaxBytes = noGzip, 100_000
		x := newExporter(t, o)
		first := 1
		if noGzip {
			first = 401
		}
		if got := export(t, x, changes(first, 200)); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
		c.stop()
		if got := export(t, x, changes(first+200, 200)); got.Kind != "retryable" || got.Accepted != 0 {
			t.Errorf("without a receiver: %+v", got)
		}
		c.start()
		if got := export(t, x, changes(first+200, 200)); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
	}
	nasty := exportertest.NastyChange(2)
	nasty.Sequence = 801
	if err := newExporter(t, c.options()).Export(context.Background(), append(changes(1, 0), nasty)); err != nil {
		t.Fatal(err)
	}
	c.stop()
	all := c.records()
	if len(all) != 801 {
		t.Fatalf("%d records, want each of 801 once", len(all))
	}
	want := append(changes(1, 800), nasty)
	for _, r := range all {
		sequence, err := strconv.Atoi(text(r.Attributes, "event_sequence"))
		if err != nil || sequence < 1 || sequence > len(want) {
			t.Fatalf("event_sequence %q", text(r.Attributes, "event_sequence"))
		}
		w := &want[sequence-1]
		if text(r.Attributes, "event_uid") != w.ID || text(r.Body.Values.Values, "id") != w.ID || text(r.Body.Values.Values, "description") != w.Title {
			t.Errorf("change %d arrived as %+v", sequence, r)
		}
		// This receiver makes a float of the time, and thereby loses up to some hundred nanoseconds; Splunk keeps microseconds.
		if nano, err := strconv.ParseInt(r.Time, 10, 64); err != nil || time.Unix(0, nano).Round(time.Microsecond).Sub(w.Updated.Truncate(time.Microsecond)) != 0 {
			t.Errorf("change %d has the time %s, want %d", sequence, r.Time, w.Updated.UnixNano())
		}
		want[sequence-1].ID = ""
	}
	for i := range want {
		if want[i].ID != "" {
			t.Errorf("change %d is missing", i+1)
		}
	}
}
