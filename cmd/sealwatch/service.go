package main

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

// runService runs the real service.
func runService(ctx context.Context, cfg config.Config, o serveOptions) error {
	app.LogLibraries(o.Logger)
	return app.Run(ctx, cfg, app.Options{Logger: o.Logger, Started: func(a app.Addresses) {
		o.Started(addresses{GRPC: a.GRPC, HTTP: a.HTTP, Engine: a.Engine, Hunting: a.Hunting})
	}})
}
