package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/config"
)

func (p *process) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: "Run the service until SIGINT or SIGTERM, which stops it gracefully; a second signal stops it at once. Without a ClickHouse\n" +
			"server it starts the embedded engine on the data directory.\n\n" +
			"All settings are described in docs/reference/config.md. A flag wins over a SEALWATCH_ variable, that over the file.",
		Example: "  sealwatch serve --data-dir /var/lib/sealwatch\n" +
			"  SEALWATCH_CLICKHOUSE_DSN=clickhouse://user:secret@db:9000/sealwatch sealwatch serve --config sealwatch.yaml",
		Args: cobra.NoArgs,
	}
	s := p.settingsFlags(c)
	from := c.Flags().String("since", "", "where sources that were never read begin, in the place of what the configuration says: a date or a time, 2021-01-01 at the earliest")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := s.checked()
		if err != nil {
			return err
		}
		if err := readSince(&cfg, *from); err != nil {
			return err
		}
		log, err := newLogger(p.err, cfg.Log)
		if err != nil {
			return err
		}
		return p.serve(c.Context(), cfg, serveOptions{Logger: log, Started: func(addresses) {}})
	}
	return c
}

// newLogger makes the service's log.
func newLogger(to io.Writer, c config.Log) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, o)), nil
	}
	return slog.New(slog.NewTextHandler(to, o)), nil
}

// readSince lets the command line say where the first reading of sources begins.
func readSince(cfg *config.Config, from string) error {
	if from == "" {
		return nil
	}
	if len(cfg.Sources.Monitor) == 0 {
		return usagef("--since: the configuration has no source that it could hold for; expected one under sources.monitor")
	}
	for i := range cfg.Sources.Monitor {
		m := &cfg.Sources.Monitor[i]
		m.Since = from
		if _, err := m.Start(); err != nil {
			return usagef("--since: found %q, expected a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z, not before 2021-01-01", from)
		}
	}
	return nil
}
