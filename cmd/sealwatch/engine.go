package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
)

func (p *process) engineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "engine",
		Short: "Run the embedded ClickHouse alone",
		Long: "Run the embedded ClickHouse on the data directory without the service, until SIGINT or SIGTERM, for a look at the data while the\n" +
			"service is stopped. One process owns a data directory at a time. How to reach it is in engine.json there.",
		Example: "  sealwatch engine --data-dir /var/lib/sealwatch",
		Args:    cobra.NoArgs,
	}
	file := c.Flags().String("config", "", "configuration file (YAML), also SEALWATCH_CONFIG")
	dataDir := c.Flags().String("data-dir", config.Default().DataDir, "directory of the service's data, also SEALWATCH_DATA_DIR")
	listen := c.Flags().String("listen", "127.0.0.1:0", "loopback address (IP:PORT) of the HTTP interface; port 0 takes a free one")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := config.Load(config.Options{File: *file, Environ: p.environ, Executable: p.executable, Override: func(cfg *config.Config) {
			if c.Flags().Changed("data-dir") {
				cfg.DataDir = *dataDir
			}
		}})
		if err != nil {
			return err
		}
		if p.executable == "" {
			return errors.New("the path of this executable is not known, so the engine's process cannot be started")
		}
		log, err := newLogger(p.err, cfg.Log)
		if err != nil {
			return err
		}
		dir := cfg.DataDir
		return embedded.Serve(c.Context(), embedded.Options{
			DataDir: dir, Library: cfg.Engine.Library, Command: []string{p.executable, "engine", "child"}, Addr: *listen,
			MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), Connections: cfg.Engine.Connections, Logger: log,
		}, func(e *embedded.Engine) {
			p.print("ClickHouse %s at %s; user and password are in %s", e.Status().Version, e.URL(), filepath.Join(dir, "engine.json"))
		})
	}
	c.AddCommand(engineChild())
	return c
}

// engineChild is the engine's own process, which serve and engine start.
func engineChild() *cobra.Command {
	return &cobra.Command{
		Use: "child", Short: "The engine's process", Hidden: true,
		// The arguments belong to the engine, to the last one.
		DisableFlagParsing: true,
		RunE:               func(c *cobra.Command, args []string) error { return embedded.RunChild(c.Context(), args) },
	}
}
