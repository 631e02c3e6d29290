package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// connectTrust is the trust in what DocuSign itself delivers, whichever way.
const connectTrust = monitorTrust

// connectSources reads the keys of the sources of DocuSign Connect.
func connectSources(cfg config.Config) ([]connect.Source, error) {
	var all []connect.Source
	for _, c := range cfg.Sources.Connect {
		s := connect.Source{Name: c.Name, Origin: event.Origin{Tenant: cfg.Tenant, Source: "connect/" + c.Name, Trust: connectTrust}}
		keys, err := connectKeys(c)
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", s.Origin.Source, err)
		}
		s.Keys = keys
		all = append(all, s)
	}
	return all, nil
}

// openConnect makes what takes deliveries; nil when no source is configured.
func openConnect(work context.Context, cfg config.Config, by askedBy, pipeline *ingest.Pipeline, log *slog.Logger) (*connect.Receiver, error) {
	sources, err := connectSources(cfg)
	if err != nil || len(sources) == 0 {
		return nil, err
	}
	r, err := connect.New(connect.Options{Sources: sources, Ingester: pipeline, Rejects: connectRejects{by.db}, Watch: connectWatch{by.watch}, Logger: log, Registerer: by.registry})
	if err != nil {
		return nil, err
	}
	watching, end := context.WithCancel(work)
	done := make(chan struct{})
	by.tasks.Go(func() error {
		defer close(done)
		r.Run(watching)
		return nil
	})
	by.stopping.add("watch of connect", func(ctx context.Context) error {
		end()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return r, nil
}

// connectRejects keeps deliveries that are no events.
type connectRejects struct{ db *clickhouse.DB }

func (c connectRejects) KeepRejected(ctx context.Context, r connect.Rejected) error {
	return c.db.AddRejectedRecords(ctx, uuid.NewString(), []clickhouse.RejectedRecord{{Tenant: r.Origin.Tenant, Source: r.Origin.Source, Arrival: r.Time,
		EventID: r.EventID, Field: r.Field, Problem: r.Problem, Raw: string(r.Raw)}})
}

// connectWatch makes alerts of what the receiver tells.
type connectWatch struct{ w *analytics.SourceWatch }

func (c connectWatch) Lost(ctx context.Context, l connect.Loss) error {
	return c.w.Lost(ctx, analytics.Loss{Source: l.Source, Kind: l.Kind, Problem: l.Problem, Title: l.Title, Since: l.Since, Failures: l.Failures, Consequence: l.Consequence, After: l.After})
}

func (c connectWatch) Restored(ctx context.Context, source string, at time.Time) error {
	return c.w.Restored(ctx, source, at)
}

// receivers are the states of what is delivered.
func receivers(r *connect.Receiver) []status.Source {
	if r == nil {
		return nil
	}
	return r.Status()
}
