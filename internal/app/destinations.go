package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/status"
)

// openDestinations makes one delivery for each configured destination, to be run by runDestinations. analysed is asked by those that run.
func openDestinations(work context.Context, cfg config.Config, db *clickhouse.DB, alerts *analytics.Log, events *eventLog, log *slog.Logger,
	analysed func() status.Analysis, registry prometheus.Registerer, stopping *cleanups) ([]destination, error) {
	store := newDeliveryStore(db)
	recorded, err := db.DeliveriesSince(work)
	if err != nil {
		return nil, err
	}
	var all []destination
	for _, d := range cfg.Destinations {
		exporter, err := openDestination(&d, log)
		if err != nil {
			return nil, fmt.Errorf("app: %w", under("destination "+d.Name, err))
		}
		beats, err := heartbeats(&d, cfg.Tenant, analysed)
		if err != nil {
			return nil, err
		}
		var one destination
		if d.Events != nil {
			if one.events, err = openForwarder(&d, store, events, log, registry); err != nil {
				return nil, err
			}
			beats.Events = one.events.Status
		}
		one.alerts, err = exporters.NewRunner(exporters.Options{
			Name: d.Name, Exporter: exporter, Log: deliveryLog{alerts, db, cfg.Tenant}, Cursors: store, Deliveries: store, DeadLetters: store,
			Filter: alert.Filter{Detections: d.Filter.Detections, MinSeverity: d.Filter.MinSeverity}, Users: d.Filter.Users,
			Historical: d.Historical, HistoricalAfter: d.HistoricalAfter, RecordedSince: recorded, RecordedFor: clickhouse.DeliveriesKept, MaxPerSecond: d.MaxPerSecond,
			Start:        exporters.Start{FromFirst: d.StartAt == "first", Since: d.Since()},
			BatchChanges: batchChanges(&d), Heartbeats: beats,
			Logger: log, Registerer: registry,
		})
		if err != nil {
			return nil, err
		}
		for _, runner := range one.runners() {
			stopping.add("destination "+runner.Status().Name, runner.Stop)
		}
		all = append(all, one)
	}
	return all, nil
}

func runDestinations(work context.Context, all []destination, tasks *errgroup.Group) {
	for i := range all {
		for _, runner := range all[i].runners() {
			tasks.Go(func() error { return runner.Run(work) })
		}
	}
}

// heartbeats are those of a destination.
func heartbeats(d *config.Destination, tenant string, analysed func() status.Analysis) (exporters.Heartbeats, error) {
	interval, err := d.HeartbeatInterval()
	if err != nil {
		return exporters.Heartbeats{}, fmt.Errorf("app: destination %s: heartbeat: found %q, expected %w", d.Name, d.Heartbeat, err)
	}
	machine, _ := os.Hostname() // without one it is left out
	return exporters.Heartbeats{Interval: interval, Version: build.Read().Version, Instance: machine, Watermarks: func() []exporters.Watermark {
		return []exporters.Watermark{{Tenant: tenant, Time: analysed().Watermark}}
	}, Analysis: func() (int, time.Time) {
		a := analysed()
		return a.Failing(), a.Behind
	}}, nil
}

// newExporter makes the exporter of a destination; a new kind is one case here.
func newExporter(d config.Destination, log *slog.Logger) (x exporters.Exporter, err error) {
	switch b := d.Block().(type) {
	case *config.SyslogDestination:
		x, err = newSyslog(b, log)
	case *config.SplunkDestination:
		x, err = newSplunk(b, log)
	case *config.WebhookDestination:
		x, err = newWebhook(b)
	case *config.SentinelDestination:
		x, err = newSentinel(b)
	case *config.FileDestination:
		x, err = newFile(b, log)
	default:
		err = fmt.Errorf("no exporter is made of the key %q; expected a case in newExporter", d.Kind())
	}
	if err != nil {
		return nil, err // x may be a pointer to nothing, which is no nil
	}
	return x, nil
}
