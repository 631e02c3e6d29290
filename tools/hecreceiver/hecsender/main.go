// Command hecsender sends events with the exporter splunk_hec of the OpenTelemetry Collector, and says what processor time that took: what
// the benchmark of our Splunk exporter is held against, with the same events at the same receiver.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/splunkhecexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func main() {
	o := options{}
	flag.StringVar(&o.endpoint, "endpoint", "", "address of the receiver, http://HOST:PORT")
	flag.StringVar(&o.events, "events", "", "file with the events of a batch, one JSON object a line with event and fields")
	flag.IntVar(&o.batches, "batches", 1, "how often the batch is sent")
	flag.BoolVar(&o.gzip, "gzip", true, "compress requests")
	flag.Parse()
	if err := o.run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hecsender:", err)
		os.Exit(1)
	}
}

type options struct {
	endpoint, events string
	batches          int
	gzip             bool
}

// result is written as one JSON object.
type result struct {
	Events     int     `json:"events"`
	CPUSeconds float64 `json:"cpuSeconds"`
}

func (o options) run(ctx context.Context, out io.Writer) error {
	batch, err := read(o.events)
	if err != nil {
		return err
	}
	factory := splunkhecexporter.NewFactory()
	c, ok := factory.CreateDefaultConfig().(*splunkhecexporter.Config)
	if !ok {
		return errors.New("the exporter's configuration is not what it was")
	}
	c.Endpoint, c.Token, c.Source, c.SourceType, c.DisableCompression = o.endpoint, configopaque.String("token"), "sealwatch", "sealwatch:alert", !o.gzip
	c.BackOffConfig.Enabled = false                                          // what fails has to be seen
	c.QueueSettings = configoptional.None[exporterhelper.QueueBatchConfig]() // a batch is taken when the receiver answered
	settings := exporter.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings(), BuildInfo: component.NewDefaultBuildInfo()}
	x, err := factory.CreateLogs(ctx, settings, c)
	if err != nil {
		return err
	}
	if err := x.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	before, err := used()
	if err != nil {
		return err
	}
	for range o.batches {
		if err := x.ConsumeLogs(ctx, batch); err != nil {
			return err
		}
	}
	after, err := used()
	if err != nil {
		return err
	}
	if err := x.Shutdown(ctx); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result{o.batches * batch.LogRecordCount(), (after - before).Seconds()})
}

// used is the processor time of this process so far.
func used() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// read makes log records as a pipeline of the Collector would hand them over.
func read(file string) (plog.Logs, error) {
	logs := plog.NewLogs()
	f, err := os.Open(file)
	if err != nil {
		return logs, err
	}
	defer f.Close() //nolint:errcheck // it was read
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("host.name", "sealwatch.example.com")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Event, Fields map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return logs, fmt.Errorf("%s: %w", file, err)
		}
		r := records.AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		if err := errors.Join(r.Body().SetEmptyMap().FromRaw(e.Event), r.Attributes().FromRaw(e.Fields)); err != nil {
			return logs, fmt.Errorf("%s: %w", file, err)
		}
	}
	return logs, lines.Err()
}
