package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// retention is how long events are kept; 0 for ever.
func retention(cfg config.Config) time.Duration {
	return time.Duration(cfg.Retention.EventsDays) * 24 * time.Hour
}

// geoInterval is how often the files of the geo databases are looked at.
const geoInterval = 15 * time.Second

// placer lets the events that come in lie where the ranges of the operator say. Before begin, none comes in.
type placer struct {
	mu       sync.Mutex
	pipeline *ingest.Pipeline
	db       *clickhouse.DB
}

// begin MUST be called before anybody can say something of addresses.
func (p *placer) begin(pipeline *ingest.Pipeline, db *clickhouse.DB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pipeline, p.db = pipeline, db
}

func (p *placer) place(ctx context.Context) error {
	p.mu.Lock()
	pipeline, db := p.pipeline, p.db
	p.mu.Unlock()
	if pipeline == nil {
		return nil
	}
	all, err := db.Placements(ctx)
	if err != nil {
		return err
	}
	return pipeline.Place(ctx, all)
}

// startPipeline opens what events are enriched with and starts the one writer.
func startPipeline(work context.Context, cfg config.Config, db *clickhouse.DB, runner *analytics.Runner, arrived *eventLog, log *slog.Logger,
	registry prometheus.Registerer, tasks *errgroup.Group, stopping *cleanups) (*ingest.Pipeline, *geo.Databases, error) {
	classifier, err := classify.New(classify.Options{File: cfg.Ingest.ClassificationFile})
	if err != nil {
		return nil, nil, fmt.Errorf("app: classification: %w", err)
	}
	locator, err := geo.OpenDatabases(geo.Options{City: cfg.Ingest.CityDatabases, ASN: cfg.Ingest.ASNDatabases, Logger: log})
	if err != nil {
		return nil, nil, fmt.Errorf("app: geo databases: %w", err)
	}
	stopping.add("geo databases", func(context.Context) error { return locator.Close() })
	tasks.Go(func() error { locator.Watch(work, geoInterval); return nil })
	var ranges []netip.Prefix
	for _, r := range cfg.Ingest.ServerRanges {
		p, err := netip.ParsePrefix(r)
		if err != nil {
			return nil, nil, fmt.Errorf("app: server range %q: %w", r, err)
		}
		ranges = append(ranges, intelligence.Canonical(p))
	}
	normaliser, err := ingest.NewNormaliser(ingest.NormaliserOptions{Classifier: classifier, Locator: locator, ServerRanges: ranges})
	if err != nil {
		return nil, nil, fmt.Errorf("app: %w", err)
	}
	ids := clickhouse.NewIdentities(db)
	tasks.Go(func() error {
		if err := ids.Load(work); err != nil && work.Err() == nil {
			log.WarnContext(work, "the ids of stored events could not be read; every id is looked up until the next start", slog.Any("error", err))
		}
		return nil
	})
	placements, err := db.Placements(work)
	if err != nil {
		return nil, nil, err
	}
	pipeline, err := ingest.New(ingest.Options{Placements: placements, Store: eventStore{db: db, ids: ids}, Normaliser: normaliser, QueueRows: cfg.Ingest.QueueRows,
		Retention: retention(cfg),
		Committed: func(c ingest.Commit) {
			runner.Committed(c.LastSequence)
			arrived.committed(c.LastSequence)
		}, Logger: log, Registerer: registry})
	if err != nil {
		return nil, nil, err
	}
	stopping.add("ingest", pipeline.Close)
	return pipeline, locator, nil
}
