package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/docusign/roster"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/status"
)

// askedSource is one that Sealwatch asks by itself.
type askedSource interface{ Status() status.Source }

// askedBy is what sources that are asked in rounds run on.
type askedBy struct {
	db       *clickhouse.DB
	watch    *analytics.SourceWatch
	registry prometheus.Registerer
	tasks    *errgroup.Group
	stopping *cleanups
	// members of DocuSign's accounts, as the users of DocuSign were last read.
	members *roster.Members
}

// run asks until the service stops, and closes the source behind the last round.
func (a askedBy) run(work context.Context, source string, p *rounds.Poller, closing func()) {
	reading, end := context.WithCancel(work)
	done := make(chan struct{})
	a.tasks.Go(func() error {
		defer close(done)
		defer closing()
		p.Run(reading)
		return nil
	})
	a.stopping.add("source "+source, func(ctx context.Context) error {
		end()
		patience, cancel := half(ctx) // one that waits for the database must not take the time of the others
		defer cancel()
		select {
		case <-done:
			return nil
		case <-patience.Done():
			return fmt.Errorf("it is still being read; the next start reads it again: %w", patience.Err())
		}
	})
}

// startAsked starts every configured source that is asked in rounds.
func startAsked(work context.Context, cfg config.Config, opt Options, by askedBy, people *peopleBook, pipeline *ingest.Pipeline) (all []askedSource, err error) {
	by.members = &roster.Members{}
	for _, start := range []func(context.Context, config.Config, Options, askedBy, *peopleBook) ([]askedSource, error){startEntra, startDocuSign} {
		some, err := start(work, cfg, opt, by, people)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	some, err := startControls(work, cfg, opt, by, pipeline)
	return append(all, some...), err
}

// askedWatch makes alerts of what a source that is asked in rounds tells.
type askedWatch struct {
	w *analytics.SourceWatch
	// while and after say what the loss means.
	while, after string
}

func (a askedWatch) Lost(ctx context.Context, l rounds.Loss) error {
	return a.w.Lost(ctx, analytics.Loss{Source: l.Source, Kind: l.Kind, Problem: l.Problem, Title: l.Title, Since: l.Since, Failures: l.Failures, Consequence: a.while, After: a.after})
}

func (a askedWatch) Restored(ctx context.Context, source string, at time.Time) error {
	return a.w.Restored(ctx, source, at)
}

// textPositions keep how far sources were read, as texts. A position has one writer.
type textPositions struct {
	db *clickhouse.DB

	mu       sync.Mutex
	versions map[string]uint64
}

func newTextPositions(db *clickhouse.DB) *textPositions {
	return &textPositions{db: db, versions: map[string]uint64{}}
}

func (s *textPositions) Load(ctx context.Context, name string) (string, error) {
	c, _, err := s.db.LoadCheckpoint(ctx, name)
	if err != nil {
		return "", fmt.Errorf("position of %s: %w", name, err)
	}
	s.mu.Lock()
	s.versions[name] = c.Version
	s.mu.Unlock()
	return c.Cursor, nil
}

func (s *textPositions) Store(ctx context.Context, name, position string) error {
	s.mu.Lock()
	s.versions[name]++
	c := clickhouse.Checkpoint{Cursor: position, Version: s.versions[name]}
	s.mu.Unlock()
	if err := s.db.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{name: c}); err != nil {
		return fmt.Errorf("position of %s: %w", name, err)
	}
	return nil
}
