package app

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/status"
)

// destination delivers alerts and, where that is configured, forwards events; events is nil otherwise. Each has a connection of its own,
// so that neither waits for the other.
type destination struct{ alerts, events *exporters.Runner }

func (d *destination) runners() []*exporters.Runner {
	if d.events == nil {
		return []*exporters.Runner{d.alerts}
	}
	return []*exporters.Runner{d.alerts, d.events}
}

func (d *destination) status() status.Destination {
	s := d.alerts.Status()
	if d.events != nil {
		events := d.events.Status()
		s.Events = &events
	}
	return s
}

// eventsAtOnce is how many events go into one batch: there are many of them.
const eventsAtOnce = 500

func openForwarder(d *config.Destination, store *deliveryStore, events *eventLog, log *slog.Logger, registry prometheus.Registerer) (*exporters.Runner, error) {
	exporter, err := newExporter(*d, log)
	if err != nil {
		return nil, fmt.Errorf("app: destination %s: %w", d.Name, err)
	}
	activities, administrative := d.Events.Selected()
	return exporters.NewForwarder(exporters.Options{
		Name: d.Name, Exporter: exporter, Cursors: store, DeadLetters: store, MaxPerSecond: d.Events.MaxPerSecond,
		Start: exporters.Start{FromFirst: d.Events.StartAt == "first", Since: d.Events.Since()}, BatchChanges: eventsAtOnce,
		Logger: log, Registerer: registry,
	}, events, exporters.EventSelection{Activities: activities, Administrative: administrative, Outcome: d.Events.Outcome, Users: d.Events.Users})
}
