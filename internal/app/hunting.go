package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/clickhouse/reader"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// readerLimits are what the engine itself holds the hunts to. One row more than a hunt passes on says whether there is more.
func readerLimits(cfg config.Config) embedded.ReaderLimits {
	h := cfg.Hunting
	return embedded.ReaderLimits{
		Databases: []string{clickhouse.DefaultDatabase}, Concurrency: h.Concurrency, MaxExecutionTime: h.MaxDuration, MaxMemory: uint64(h.MaxMemoryBytes), //nolint:gosec // checked by the configuration
		MaxResultRows: uint64(h.MaxRows) + 1, MaxResultBytes: uint64(h.MaxBytes), MaxRowsToRead: uint64(h.MaxReadRows), MaxBytesToRead: uint64(h.MaxReadBytes), //nolint:gosec // as above
	}
}

// startHunting makes the service of hunts, and ClickHouse's HTTP interface to it with its password; that is nil where it is not asked for or nobody can hunt.
func startHunting(ctx context.Context, cfg config.Config, db *clickhouse.DB, engine *embedded.Engine, log *slog.Logger, stopping *cleanups) (_ *hunting.Hunting, endpoint http.Handler, password string, _ error) {
	h := cfg.Hunting
	o := hunting.Options{
		Tenant: cfg.Tenant, Database: clickhouse.DefaultDatabase, Store: db, Concurrency: h.Concurrency, Clock: time.Now, Logger: log,
		Patience: max(h.MaxWait, time.Nanosecond), Stall: h.StallTimeout, Grace: h.Grace, // 0 would be the default
		Limits: hunt.Limits{Duration: h.MaxDuration, Rows: uint64(h.MaxRows), Bytes: uint64(h.MaxBytes), ReadRows: uint64(h.MaxReadRows), ReadBytes: uint64(h.MaxReadBytes), Memory: uint64(h.MaxMemoryBytes)}, //nolint:gosec // checked by the configuration
	}
	switch {
	case engine == nil:
		o.Off = "the service uses a ClickHouse server (clickhouse.dsn); ask that server, as a user of its own who may only read"
	case engine.ReaderPassword() == "":
		o.Off = "the kernel could not confine the engine's process, so SQL of people could reach what it can; sealwatch doctor says why"
	default:
		client := reader.New(engine.Addr(), engine.ReaderUser(), engine.ReaderPassword())
		stopping.add("hunting", func(context.Context) error { client.Close(); return nil })
		o.Engine = client
	}
	service, err := hunting.New(o)
	if err != nil {
		return nil, nil, "", err
	}
	if o.Engine == nil {
		log.WarnContext(ctx, "hunting is off", slog.String("reason", o.Off))
		return service, nil, "", nil
	}
	if h.Addr == "" {
		return service, nil, "", nil
	}
	password, err = hunting.Password(cfg.DataDir)
	if err != nil {
		return nil, nil, "", fmt.Errorf("app: %w", err)
	}
	return service, service.Endpoint(password), password, nil
}
