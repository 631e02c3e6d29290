package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch"
	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server"
)

// clientTrust is the trust in what clients of the API hand in; of two different records with one id the more trusted one
// stands. Both ways of a client have the same: a file is often sent once by each.
const clientTrust = 50

// Run serves until ctx ends, and then stops everything in the reverse order of its start, within the configured time.
// It returns the first error that ended the service, or that stopping met.
func Run(ctx context.Context, cfg config.Config, opt Options) (err error) {
	if err := opt.complete(); err != nil {
		return err
	}
	log := opt.Logger
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	started := time.Now()

	if err := freePorts(ctx, cfg); err != nil { // before an engine and a data directory are there for nothing
		return err
	}
	stopping := &cleanups{log: log}
	begun := false
	defer func() {
		if err != nil && !begun && ctx.Err() != nil {
			log.InfoContext(context.WithoutCancel(ctx), "stopped while starting", slog.Any("error", err))
			err = nil
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
		defer cancel()
		err = errors.Join(err, stopping.all(end))
		if begun && err == nil {
			log.InfoContext(context.WithoutCancel(ctx), "stopped")
		}
	}()
	// What runs beside the listeners; the first failure ends the service.
	work, working := context.WithCancel(context.WithoutCancel(ctx))
	tasks, work := errgroup.WithContext(work)
	stopping.add("background work", func(end context.Context) error {
		working()
		done := make(chan error, 1)
		go func() { done <- tasks.Wait() }()
		select {
		case err := <-done:
			return err
		case <-end.Done():
			return end.Err()
		}
	})

	definitions, tuned, err := loadDetections(cfg)
	if err != nil {
		return err
	}
	db, engine, err := openDatabase(ctx, cfg, opt, stopping)
	if err != nil {
		return err
	}
	alerts, err := analytics.OpenLog(ctx, db, time.Now, log)
	if err != nil {
		return err
	}
	stopping.add("alert log", func(context.Context) error { alerts.Close(); return nil })
	// Before the analysis, so that they end after it and send what it still finds.
	var runner *analytics.Runner
	arrived, err := openEventLog(ctx, db, cfg.Tenant)
	if err != nil {
		return err
	}
	destinations, err := openDestinations(work, cfg, db, alerts, arrived, log, func() status.Analysis { return runner.Status() }, registry, stopping)
	if err != nil {
		return err
	}
	var placing placer
	runner, err = analytics.New(ctx, analytics.Options{
		Place:  placing.place,
		Tenant: cfg.Tenant, Detections: tuned, Store: db, Log: alerts, Retention: retention(cfg), Applications: cfg.Applications,
		Interval: time.Duration(cfg.Analysis.IntervalMillis) * time.Millisecond, Clock: time.Now, Logger: log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	runDestinations(work, destinations, tasks)
	off, err := switchedOff(cfg, definitions)
	if err != nil {
		return err
	}
	book, err := openPolicies(ctx, cfg, db, runner, log)
	if err != nil {
		return err
	}
	backtester, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: cfg.Tenant, Definitions: definitions, Tuning: tuning(cfg), Off: reasons(off), Store: db, Clock: time.Now, Exceptions: runner.ExceptionsOf, People: db, Adopted: book.Detections, Tell: runner.Tell, MaxMemory: backtestMemory(cfg)})
	if err != nil {
		return err
	}
	policyOffer, err := offered(book, backtester)
	if err != nil {
		return err
	}
	if folder := cfg.Policies.Folder; folder != "" {
		tasks.Go(func() error { book.Follow(work, folder, folderEvery); return nil })
	}
	analysis, endAnalysis := context.WithCancel(work)
	analysed := make(chan struct{})
	tasks.Go(func() error { defer close(analysed); return runner.Run(analysis) })
	stopping.add("analysis", func(end context.Context) error {
		endAnalysis()
		patience, cancel := half(end)
		defer cancel()
		select {
		case <-analysed:
			return nil
		case <-patience.Done():
		}
		// The database does not answer. What the round would have stored is found again by the next process.
		alerts.Close()
		select {
		case <-analysed:
			return nil
		case <-end.Done():
			return end.Err()
		}
	})

	if days := cfg.Hunting.AuditDays; days > 0 {
		tasks.Go(func() error { expireAudit(work, db, time.Duration(days)*24*time.Hour, log); return nil })
	}
	if cfg.Retention.EventsDays > 0 {
		tasks.Go(func() error { expire(work, db, retention(cfg), log); return nil })
	}
	pipeline, databases, err := startPipeline(work, cfg, db, runner, arrived, log, registry, tasks, stopping)
	if err != nil {
		return err
	}
	placing.begin(pipeline, db)
	pollers, err := startSources(work, cfg, opt, db, alerts, pipeline, registry, tasks, stopping)
	if err != nil {
		return err
	}
	people := &peopleBook{runner: runner, db: db, tenant: cfg.Tenant, log: log, holds: analytics.NewDirectoryWatch(cfg.Tenant, db, alerts, time.Now)}
	feeds, err := startFeeds(work, cfg, db, runner, databases, log, registry, tasks, stopping)
	if err != nil {
		return err
	}
	by := askedBy{db: db, watch: analytics.NewSourceWatch(cfg.Tenant, db, alerts, time.Now), registry: registry, tasks: tasks, stopping: stopping}
	asked, err := startAsked(work, cfg, opt, by, people, pipeline)
	if err != nil {
		return err
	}
	deliveries, err := openConnect(work, cfg, by, pipeline, log)
	if err != nil {
		return err
	}
	id, err := logID(ctx, db)
	if err != nil {
		return err
	}
	before, err := db.SourcesSeen(ctx, cfg.Tenant, started)
	if err != nil {
		return err
	}
	state := &reporter{before: before, db: db, engine: engine, runner: runner, policies: book, pipeline: pipeline, pollers: pollers, asked: asked, deliveries: deliveries, destinations: destinations, feeds: feeds, geo: databases, tenant: cfg.Tenant, started: started, log: log}
	hunter, clickhouseHandler, password, err := startHunting(ctx, cfg, db, engine, log, stopping)
	if err != nil {
		return err
	}
	options := server.Options{
		GRPCAddr: cfg.GRPCAddr, HTTPAddr: cfg.HTTPAddr,
		Services: server.Services{
			Ingester: pipeline, Splitter: splitter(cfg.Ingest.MaxImportBytes), Events: db, Alerts: namedAlerts{db, runner, log}, Changes: alerts, Detections: catalogue{tuned, off, runner, book, len(pollers)+len(asked)+len(cfg.Sources.Connect) > 0}, Backtester: backtester, Reevaluator: runner, Exceptions: runner,
			Status: state, Inputs: &inputs{db: db, runner: runner, detections: tuned, policies: book, tenant: cfg.Tenant}, LogID: id, Addresses: addressBook{runner, db}, Feeds: feeds, People: people, Hunter: hunter,
			Watermark: runner.Watermark, Guide: analytics.Guide(tuned, book.Detections, runner.View), Policies: policyOffer,
		},
		Origin:          event.Origin{Tenant: cfg.Tenant, Source: "api", Trust: clientTrust},
		ImportOrigin:    event.Origin{Tenant: cfg.Tenant, Source: "import", Trust: clientTrust},
		MaxMessageBytes: cfg.Ingest.MaxMessageBytes, MaxImportBytes: cfg.Ingest.MaxImportBytes,
		MaxConnectBytes: cfg.Ingest.MaxConnectBytes,
		StreamWindow:    cfg.Streams.Window, StreamStall: cfg.Streams.StallTimeout, MaxSubscribers: cfg.Streams.MaxSubscribers, MaxSubscribersPerClient: cfg.Streams.MaxPerClient,
		MaxStreams: server.StreamsBeside(cfg.Streams.MaxSubscribers),
		Ready:      state.ready, OpenAPI: sealwatch.OpenAPI, Version: build.Read().Version, Logger: log, Registerer: registry, Gatherer: registry,
	}
	options.Services.Desk = analytics.NewDesk(cfg.Tenant, db, alerts)
	options.Services.Destinations = &destinationBook{DB: db, destinations: destinations, tenant: cfg.Tenant}
	options.Services.Timelines = analytics.NewTimelines(cfg.Tenant, db)
	incidents := grouping(cfg.Incidents)
	incidents.Title = titles(described(tuned), off, book)
	options.Services.Incidents = analytics.NewIncidents(cfg.Tenant, db, alerts, incidents)
	if deliveries != nil {
		options.Services.Connect = deliveries
	}
	if clickhouseHandler != nil {
		options.Services.ClickHouse, options.ClickHouseAddr = clickhouseHandler, cfg.Hunting.Addr
	}
	api, err := server.New(options)
	if err != nil {
		return err
	}
	stopping.add("listeners", func(end context.Context) error {
		feeds.end()                   // so that nobody waits for a fetch
		patience, cancel := half(end) // a client that does not go away must not take the time of what has to be stored
		defer cancel()
		return api.Stop(patience)
	})
	if err := api.Start(work); err != nil {
		return err
	}

	begun = true
	at := api.Addresses()
	if at.ClickHouse != "" {
		if err := hunting.WriteAccess(cfg.DataDir, clickhouse.DefaultDatabase, at.ClickHouse, password); err != nil {
			return err
		}
	}
	log.InfoContext(ctx, "serving", slog.String("grpc", at.GRPC), slog.String("http", at.HTTP), slog.String("clickhouse", db.Address()), slog.String("hunting", at.ClickHouse), slog.String("tenant", cfg.Tenant))
	opt.Started(Addresses{GRPC: at.GRPC, HTTP: at.HTTP, Engine: db.Address(), Hunting: at.ClickHouse})
	select {
	case <-ctx.Done():
		log.InfoContext(context.WithoutCancel(ctx), "stopping", slog.Duration("at_most", cfg.ShutdownTimeout))
		return nil
	case <-work.Done():
		return fmt.Errorf("app: %w", context.Cause(work))
	case err := <-api.Failures():
		return fmt.Errorf("app: %w", err)
	case <-engineDone(engine):
		return errors.New("app: the embedded engine ended and cannot be started again; the log says why")
	}
}

// half gives the first half of the time that ctx has left.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(end)/2)
	}
	return context.WithCancel(ctx)
}

// expire removes the months of events that are older than keep, now and every hour.
func expire(ctx context.Context, db *clickhouse.DB, keep time.Duration, log *slog.Logger) {
	remove(ctx, "events", db.Expire, keep, log)
}

// expireAudit removes the months of the audit that are older than keep, now and every hour.
func expireAudit(ctx context.Context, db *clickhouse.DB, keep time.Duration, log *slog.Logger) {
	remove(ctx, "entries of the audit", db.ExpireAudit, keep, log)
}

func remove(ctx context.Context, what string, expired func(context.Context, time.Time) (int, error), keep time.Duration, log *slog.Logger) {
	for again := time.NewTicker(time.Hour); ; {
		months, err := expired(ctx, time.Now().Add(-keep))
		switch {
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "what expired could not be removed; it is tried again in an hour", slog.String("what", what), slog.Any("error", err))
		case months > 0:
			log.InfoContext(ctx, "expired "+what+" are removed", slog.Int("months", months))
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return
		}
	}
}

func engineDone(e *embedded.Engine) <-chan struct{} {
	if e == nil {
		return nil
	}
	return e.Done()
}

// openDatabase starts the embedded engine unless a server is configured, connects, migrates, and finishes what an
// interruption left.
func openDatabase(ctx context.Context, cfg config.Config, opt Options, stopping *cleanups) (*clickhouse.DB, *embedded.Engine, error) {
	options := clickhouse.Options{DSN: cfg.ClickHouse.DSN.Reveal(), Logger: opt.Logger}
	var engine *embedded.Engine
	if options.DSN == "" {
		dir, err := filepath.Abs(cfg.DataDir)
		if err != nil {
			return nil, nil, fmt.Errorf("app: data directory: %w", err)
		}
		engine, err = embedded.Start(ctx, embedded.Options{DataDir: dir, Library: cfg.Engine.Library, Command: opt.EngineCommand,
			MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), Connections: cfg.Engine.Connections, Reader: readerLimits(cfg), Logger: opt.Logger})
		if err != nil {
			return nil, nil, err
		}
		stopping.add("engine", engine.Stop)
		options.Addr, options.User, options.Password = engine.Addr(), engine.User(), engine.Password()
		options.MaxConnections = cfg.Engine.Connections
	}
	db, err := clickhouse.Open(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	stopping.add("database", func(context.Context) error { return db.Close() })
	steps, err := db.Migrate(ctx)
	if err != nil {
		return nil, nil, err
	}
	settled, err := db.Settle(ctx)
	if err != nil {
		return nil, nil, err
	}
	opt.Logger.InfoContext(ctx, "database is open", slog.String("address", db.Address()), slog.String("version", db.Version()), slog.Int("migrations", steps), slog.Int("settled_conflicts", settled))
	return db, engine, nil
}

// loadDetections are the built-in detections, and those in force with their values.
func loadDetections(cfg config.Config) ([]analytics.Definition, []analytics.Detection, error) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		return nil, nil, err
	}
	tuned, err := analytics.Tune(definitions, tuning(cfg))
	return definitions, tuned, err
}
