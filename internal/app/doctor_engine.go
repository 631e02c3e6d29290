package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
)

// engineTimeout bounds the start of an engine, or the first answer of a server.
const engineTimeout = time.Minute

// engineCheckups try the database: the server that is configured, or an engine in a folder of its own, which ends again.
func engineCheckups(cfg config.Config, opt DoctorOptions) []checkup {
	return []checkup{{"engine", func(ctx context.Context, e *examination) {
		ctx, cancel := context.WithTimeout(ctx, engineTimeout)
		defer cancel()
		if cfg.ClickHouse.DSN.IsZero() {
			e.embedded(ctx, cfg, opt)
		} else {
			e.server(ctx, cfg)
		}
	}}, {"service", func(ctx context.Context, e *examination) { e.service(ctx, cfg) }}}
}

func (e *examination) embedded(ctx context.Context, cfg config.Config, opt DoctorOptions) {
	e.step("data directory", func() (string, string, error) {
		dir := cfg.DataDir
		for { // the first that is there: the engine makes the others
			s, err := os.Stat(dir)
			if err == nil && !s.IsDir() {
				return "", "", fmt.Errorf("%s is no folder; expected dataDir to be one", dir)
			}
			if err == nil {
				break
			}
			if !errors.Is(err, os.ErrNotExist) || filepath.Dir(dir) == dir {
				return "", "", fmt.Errorf("dataDir: %w", err)
			}
			dir = filepath.Dir(dir)
		}
		f, err := os.CreateTemp(dir, ".sealwatch-doctor-*")
		if err != nil {
			return "", "", fmt.Errorf("%w; whoever runs the service has to own dataDir", err)
		}
		_ = f.Close()
		if err := os.Remove(f.Name()); err != nil {
			return "", "", fmt.Errorf("dataDir: %w", err)
		}
		return StepOK, cfg.DataDir + " can be written", nil
	})
	e.step("start", func() (_, _ string, err error) {
		dir, err := os.MkdirTemp("", "sealwatch-doctor-")
		if err != nil {
			return "", "", err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		engine, err := embedded.Start(ctx, embedded.Options{DataDir: dir, Library: cfg.Engine.Library, Command: opt.EngineCommand, MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), //nolint:gosec // validated
			Connections: cfg.Engine.Connections, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return "", "", err
		}
		now := engine.Status()
		if err := engine.Stop(ctx); err != nil {
			return "", "", err
		}
		if !now.Confinement.Complete() {
			return StepWarning, fmt.Sprintf("version %s runs, and the kernel does not confine it (%s): hunting in SQL is switched off", now.Version, now.Confinement.Problem), nil
		}
		return StepOK, fmt.Sprintf("version %s runs here, confined by %s", now.Version, strings.Join(confinement(now.Confinement), " and ")), nil
	})
}

func (e *examination) server(ctx context.Context, cfg config.Config) {
	var db *clickhouse.DB
	e.step("connection", func() (_, _ string, err error) {
		if db, err = clickhouse.Open(ctx, clickhouse.Options{DSN: cfg.ClickHouse.DSN.Reveal(), Logger: slog.New(slog.DiscardHandler)}); err != nil {
			return "", "", err
		}
		return StepOK, fmt.Sprintf("%s answers, version %s", db.Address(), db.Version()), nil
	})
	if db != nil {
		defer func() { _ = db.Close() }()
	}
	e.step("schema", func() (string, string, error) {
		known, err := clickhouse.Migrations()
		if err != nil {
			return "", "", err
		}
		have, err := db.SchemaVersion(ctx)
		switch {
		case err != nil: // no table of migrations: nothing was made yet
			return StepWarning, fmt.Sprintf("no schema can be read: the service makes it when it starts, with rights to create tables (%v)", err), nil
		case have > len(known):
			return "", "", fmt.Errorf("the schema has version %d, this version of Sealwatch knows %d: use the later version that migrated it", have, len(known))
		}
		return StepOK, fmt.Sprintf("version %d of %d", have, len(known)), nil
	})
}

// service says whether it runs at the configured address. That it does not is nothing wrong.
func (e *examination) service(ctx context.Context, cfg config.Config) {
	e.step("listener", func() (string, string, error) {
		ctx, cancel := context.WithTimeout(ctx, reachTimeout)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.HTTPAddr+"/readyz", nil)
		if err != nil {
			return "", "", err
		}
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			return StepOK, "it does not run at " + cfg.HTTPAddr, nil
		}
		defer func() { _ = resp.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what there is is enough
		switch {
		case resp.StatusCode == http.StatusOK && strings.Contains(string(text), `"ready"`):
			return StepOK, "it runs at " + cfg.HTTPAddr + " and is ready", nil
		case strings.Contains(string(text), `"missing"`):
			return "", "", fmt.Errorf("it runs at %s and is not ready: %s", cfg.HTTPAddr, strings.TrimSpace(string(text)))
		}
		return "", "", fmt.Errorf("something else answers at %s (%s): stop it, or set httpAddr", cfg.HTTPAddr, resp.Status)
	})
}
