package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
)

// startDestinations runs one delivery for each configured destination.
func startDestinations(work context.Context, cfg config.Config, db *clickhouse.DB, alerts *analytics.Log, log *slog.Logger,
	registry prometheus.Registerer, tasks *errgroup.Group, stopping *cleanups) ([]*exporters.Runner, error) {
	store := newDeliveryStore(db)
	recorded, err := db.DeliveriesSince(work)
	if err != nil {
		return nil, err
	}
	var runners []*exporters.Runner
	for _, d := range cfg.Destinations {
		exporter, err := newExporter(d, log)
		if err != nil {
			return nil, fmt.Errorf("app: destination %s: %w", d.Name, err)
		}
		runner, err := exporters.NewRunner(exporters.Options{
			Name: d.Name, Exporter: exporter, Log: deliveryLog{alerts, db, cfg.Tenant}, Cursors: store, Deliveries: store, DeadLetters: store,
			Filter: alert.Filter{Detections: d.Filter.Detections, MinSeverity: d.Filter.MinSeverity}, Users: d.Filter.Users,
			Historical: d.Historical, HistoricalAfter: d.HistoricalAfter, RecordedSince: recorded, MaxPerSecond: d.MaxPerSecond,
			Start:        exporters.Start{FromFirst: d.StartAt == "first", Since: d.Since()},
			BatchChanges: batchChanges(&d),
			Logger:       log, Registerer: registry,
		})
		if err != nil {
			return nil, err
		}
		tasks.Go(func() error { return runner.Run(work) })
		stopping.add("destination "+d.Name, runner.Stop)
		runners = append(runners, runner)
	}
	return runners, nil
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
