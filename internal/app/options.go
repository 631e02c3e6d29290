// Package app is the composition root: the one place that knows every other package and joins them.
package app

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/sealwatch/sealwatch/server"
)

// Addresses are where the service listens.
type Addresses struct {
	GRPC, HTTP string
	// Engine is the database's address, without credentials.
	Engine string
	// Hunting is where ClickHouse's HTTP interface for people is; empty where there is none.
	Hunting string
}

// Options of a run.
type Options struct {
	Logger *slog.Logger
	// Started is called once everything answers.
	Started func(Addresses)
	// EngineCommand starts the embedded engine's process; this executable with "engine child" when nil.
	EngineCommand []string
	// SourceInterval is the least time between calls of a source that is read to its end, and the first pause after a failure.
	// When 0 they are a minute, as DocuSign wants, and five seconds.
	SourceInterval time.Duration
	// PageStored is called when the events of a page of a source are durable, and before its cursor is; may be nil. A process that
	// dies then has to read the page again.
	PageStored func(source string)
}

func (o *Options) complete() error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Started == nil {
		o.Started = func(Addresses) {}
	}
	if o.PageStored == nil {
		o.PageStored = func(string) {}
	}
	if o.EngineCommand == nil {
		executable, err := os.Executable()
		if err != nil {
			return fmt.Errorf("app: the path of this executable: %w", err)
		}
		o.EngineCommand = []string{executable, "engine", "child"}
	}
	return nil
}

// LogLibraries sends what the libraries say to the log instead of standard error. It changes the whole process: a program
// calls it once, before anything else.
func LogLibraries(log *slog.Logger) { server.LogGRPC(log) }
