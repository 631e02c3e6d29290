package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/event"
)

// monitorTrust is the trust in what DocuSign itself delivers: more than in what clients hand in.
const monitorTrust = 100

// monitorSource is how the events of a configured source are named.
func monitorSource(name string) string { return "monitor/" + name }

// openMonitor makes what a source is asked with; it makes no call. Its error names all keys that are wrong.
func openMonitor(m config.MonitorSource, log *slog.Logger) (*docusign.Client, *poll.Stream, error) {
	env, err := docusign.EnvironmentOf(m.Environment)
	problems := []error{of("environment", err)}
	if err == nil && m.Endpoint != "" {
		env, err = env.At(m.Endpoint)
		problems = append(problems, of("endpoint", err))
	}
	key, err := docusign.LoadKey(m.PrivateKeyFile)
	problems = append(problems, of("privateKeyFile", err))
	var roots *x509.CertPool
	if m.CAFile != "" {
		roots, err = docusign.LoadRoots(m.CAFile)
		problems = append(problems, of("caFile", err))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, nil, err
	}
	client, err := docusign.New(docusign.Options{Environment: env, IntegrationKey: strings.ToLower(m.IntegrationKey), UserID: strings.ToLower(m.UserID), Key: key,
		RedirectURI: m.RedirectURI, Transport: docusign.NewTransport(roots), UserAgent: "sealwatch/" + build.Read().Version, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	generation := m.API
	if generation == "" {
		generation = poll.V3
	}
	stream, err := poll.NewStream(client, generation, strings.ToLower(m.OrganizationID), log)
	return client, stream, err
}

// startSources polls each configured source.
func startSources(work context.Context, cfg config.Config, opt Options, db *clickhouse.DB, alerts *analytics.Log, pipeline *ingest.Pipeline,
	registry prometheus.Registerer, tasks *errgroup.Group, stopping *cleanups) ([]*poll.Poller, error) {
	log := opt.Logger
	store := &sourceStore{db: db, stored: opt.PageStored, versions: map[string]uint64{}}
	watch := sourceWatch{analytics.NewSourceWatch(cfg.Tenant, db, alerts, time.Now)}
	var pollers []*poll.Poller
	for _, m := range cfg.Sources.Monitor {
		source := monitorSource(m.Name)
		client, stream, err := openMonitor(m, log.With(slog.String("source", source)))
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		since, err := m.Start()
		if err != nil {
			return nil, fmt.Errorf("app: source %s: since: %w", source, err)
		}
		p, err := poll.New(poll.Options{Name: "monitor/" + cfg.Tenant + "/" + m.Name, Origin: event.Origin{Tenant: cfg.Tenant, Source: source, Trust: monitorTrust},
			Pages: stream, Ingester: pipeline, Positions: store, Rejects: store, Watch: watch, Since: since, BurstCalls: client.Environment().BurstCalls,
			Interval: opt.SourceInterval, FirstRetry: opt.SourceInterval, Logger: log, Registerer: registry})
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		reading, end := context.WithCancel(work)
		done := make(chan struct{})
		tasks.Go(func() error {
			defer close(done)
			defer client.Close()
			p.Run(reading)
			return nil
		})
		stopping.add("source "+source, func(ctx context.Context) error {
			end()
			patience, cancel := half(ctx) // one that waits for the database must not take the time of the others
			defer cancel()
			select {
			case <-done:
				return nil
			case <-patience.Done():
				return fmt.Errorf("it still works on a page; the next start reads it again: %w", patience.Err())
			}
		})
		pollers = append(pollers, p)
	}
	return pollers, nil
}

// sourceStore keeps how far sources were read, and what could not be read of them. A source has one poller, so that its
// position has one writer.
type sourceStore struct {
	db     *clickhouse.DB
	stored func(source string)

	mu       sync.Mutex
	versions map[string]uint64
}

func (s *sourceStore) LoadPosition(ctx context.Context, name string) (poll.Position, bool, error) {
	c, found, err := s.db.LoadCheckpoint(ctx, name)
	if err != nil {
		return poll.Position{}, false, fmt.Errorf("position of source %s: %w", name, err)
	}
	s.mu.Lock()
	s.versions[name] = c.Version
	s.mu.Unlock()
	return poll.Position{Cursor: c.Cursor, Middle: c.Line, Reached: c.Position > 0}, found, nil
}

// StorePosition keeps in the checkpoint's position whether the end was ever reached.
func (s *sourceStore) StorePosition(ctx context.Context, name string, p poll.Position) error {
	s.stored(name)
	s.mu.Lock()
	s.versions[name]++
	c := clickhouse.Checkpoint{Cursor: p.Cursor, Line: p.Middle, Version: s.versions[name]}
	s.mu.Unlock()
	if p.Reached {
		c.Position = 1
	}
	if err := s.db.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{name: c}); err != nil {
		return fmt.Errorf("position of source %s: %w", name, err)
	}
	return nil
}

func (s *sourceStore) KeepRejected(ctx context.Context, all []poll.Rejected) error {
	rows := make([]clickhouse.RejectedRecord, len(all))
	for i, r := range all {
		rows[i] = clickhouse.RejectedRecord{Tenant: r.Origin.Tenant, Source: r.Origin.Source, Arrival: r.Time, EventID: r.EventID, Field: r.Field, Problem: r.Problem, Raw: string(r.Raw)}
	}
	return s.db.AddRejectedRecords(ctx, uuid.NewString(), rows)
}

// sourceWatch makes alerts of what the pollers tell.
type sourceWatch struct{ w *analytics.SourceWatch }

func (s sourceWatch) Lost(ctx context.Context, l poll.Loss) error {
	return s.w.Lost(ctx, analytics.Loss{Source: l.Source, Kind: l.Kind, Problem: l.Problem, Title: l.Title, Since: l.Since, Failures: l.Failures})
}

func (s sourceWatch) Restored(ctx context.Context, source string, at time.Time) error {
	return s.w.Restored(ctx, source, at)
}
