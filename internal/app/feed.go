package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/ingest/feed"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/status"
)

const (
	// defaultHoldsBefore is how long before it was first seen an address counts as listed.
	defaultHoldsBefore = "168h"
	defaultConfidence  = 50
)

// Preset is a list that is published for everybody.
type Preset struct {
	Name, Title, Publisher, Page, Licence, URL, Format, Category string
	Tags                                                         []string
}

// Presets are those that a feed of the configuration can name.
func Presets() ([]Preset, error) {
	known, err := feed.Presets()
	all := make([]Preset, len(known))
	for i, p := range known {
		all[i] = Preset{p.Name, p.Title, p.Publisher, p.Page, p.Licence, p.URL, p.Format, p.Category, p.Tags}
	}
	return all, err
}

// feedOptions are those of a configured feed: its own settings over those of its preset.
func feedOptions(tenant string, c config.Feed) (feed.Options, error) {
	var p feed.Preset
	if c.Preset != "" {
		known, err := feed.Presets()
		if err != nil {
			return feed.Options{}, err
		}
		i := slices.IndexFunc(known, func(p feed.Preset) bool { return p.Name == c.Preset })
		if i < 0 {
			return feed.Options{}, fmt.Errorf("preset: found %q, expected one that sealwatch feeds presets lists", c.Preset)
		}
		p = known[i]
	}
	before, err := feed.Before(cmp.Or(c.HoldsBefore, p.HoldsBefore, defaultHoldsBefore))
	if err != nil {
		return feed.Options{}, fmt.Errorf("holdsBefore: %w", err)
	}
	confidence := cmp.Or(p.Confidence, defaultConfidence)
	if c.Confidence != nil {
		confidence = *c.Confidence
	}
	columns := feed.Columns(c.Columns)
	if columns == (feed.Columns{}) {
		columns = p.Columns
	}
	o := feed.Options{Says: feed.Says{Tenant: tenant, Source: c.Name, Category: cmp.Or(c.Category, p.Category), Tags: c.Tags, Confidence: confidence, Before: before},
		Preset: c.Preset, URL: cmp.Or(c.URL, p.URL), Format: cmp.Or(c.Format, p.Format), Columns: columns, Interval: cmp.Or(c.Interval, p.Interval), MaxShrink: share(c.MaxShrinkPercent),
		MaxBad: share(c.MaxBadPercent), MaxBytes: c.MaxBytes, MaxEntries: c.MaxEntries, TokenFile: c.TokenFile, TokenHeader: c.TokenHeader, CAFile: c.CAFile, AllowPrivate: c.AllowPrivate,
		UserAgent: "sealwatch/" + build.Read().Version}
	if c.URL == "" {
		o.Licence = p.Licence
	}
	if o.Says.Tags == nil {
		o.Says.Tags = p.Tags
	}
	return o, o.Check()
}

// share of a percentage; 0 stands for what was not said, so that no percent at all is a little less.
func share(percent *int) float64 {
	switch {
	case percent == nil:
		return 0
	case *percent == 0:
		return -1
	}
	return float64(*percent) / 100
}

// feeds are those of the service, by name.
type feeds struct {
	all []*feed.Feed
	// end lets no feed begin anything more, and cuts off what is under way.
	end context.CancelFunc
}

// startFeeds fetches each configured feed.
func startFeeds(work context.Context, cfg config.Config, db *clickhouse.DB, runner *analytics.Runner, databases *geo.Databases, log *slog.Logger,
	registry prometheus.Registerer, tasks *errgroup.Group, stopping *cleanups) (*feeds, error) {
	fetching, end := context.WithCancel(work)
	f := &feeds{end: end}
	states := &feedStates{db: db, tenant: cfg.Tenant, versions: map[string]uint64{}}
	for _, c := range cfg.Feeds {
		o, err := feedOptions(cfg.Tenant, c)
		if err == nil {
			o.Book, o.States, o.Networks, o.Logger, o.Registerer = feedBook{runner, db, cfg.Tenant}, states, announced{databases}, log, registry
			var one *feed.Feed
			if one, err = feed.New(o); err == nil {
				f.all = append(f.all, one)
				continue
			}
		}
		end()
		return nil, fmt.Errorf("app: feed %s: %w", c.Name, err)
	}
	slices.SortFunc(f.all, func(a, b *feed.Feed) int { return strings.Compare(a.Name(), b.Name()) })
	var running sync.WaitGroup
	for _, one := range f.all {
		running.Add(1)
		tasks.Go(func() error { defer running.Done(); one.Run(fetching); return nil })
	}
	stopping.add("feeds", func(ctx context.Context) error {
		end()
		done := make(chan struct{})
		go func() { running.Wait(); close(done) }()
		patience, cancel := half(ctx) // one that waits for the database must not take the time of the others
		defer cancel()
		select {
		case <-done:
			return nil
		case <-patience.Done():
			return fmt.Errorf("a feed still takes a copy in; the next start fetches it again: %w", patience.Err())
		}
	})
	return f, nil
}

// List is the state of all.
func (f *feeds) List() []status.Feed {
	all := make([]status.Feed, len(f.all))
	for i, one := range f.all {
		all[i] = one.Status()
	}
	return all
}

func (f *feeds) find(name string) (*feed.Feed, error) {
	var names []string
	for _, one := range f.all {
		if one.Name() == name {
			return one, nil
		}
		names = append(names, one.Name())
	}
	if len(names) == 0 {
		return nil, fault.New(fault.NotFound, "no feed %q is configured, nor any other; docs/address-intelligence.md says how to write one", name)
	}
	return nil, fault.New(fault.NotFound, "no feed %q is configured; expected one of: %s", name, strings.Join(names, ", "))
}

// Refresh fetches a feed now.
func (f *feeds) Refresh(ctx context.Context, name string) (status.Feed, error) {
	one, err := f.find(name)
	if err != nil {
		return status.Feed{}, err
	}
	return answered(one, one.Refresh(ctx))
}

// Confirm takes the copy that is held.
func (f *feeds) Confirm(ctx context.Context, name string) (status.Feed, error) {
	one, err := f.find(name)
	if err != nil {
		return status.Feed{}, err
	}
	return answered(one, one.Confirm(ctx))
}

// answered is how a feed is doing after what was asked of it; the status tells of a Failure.
func answered(one *feed.Feed, err error) (status.Feed, error) {
	var soon *feed.TooSoonError
	switch {
	case errors.Is(err, feed.ErrNothingHeld):
		return status.Feed{}, fault.New(fault.InvalidArgument, "feed %s: no copy is held, so there is nothing to confirm", one.Name())
	case errors.As(err, &soon):
		f := fault.New(fault.QueueFull, "feed %s: %s", one.Name(), soon.Error())
		f.RetryAfter = soon.After
		return status.Feed{}, f
	case errors.Is(err, feed.ErrEnded):
		return status.Feed{}, fault.New(fault.ShuttingDown, "this server ends; ask again")
	case err != nil && !errors.As(err, new(*feed.Failure)):
		return status.Feed{}, err
	}
	return one.Status(), nil
}

// feedBook takes in what feeds say.
type feedBook struct {
	runner *analytics.Runner
	db     *clickhouse.DB
	tenant string
}

func (b feedBook) SourceRanges(ctx context.Context, source string) ([]intelligence.Range, error) {
	return b.db.SourceRanges(ctx, b.tenant, source)
}

func (b feedBook) Know(ctx context.Context, ranges []intelligence.Range) error {
	return b.runner.Know(ctx, ranges)
}

// feedStates keeps the state of each feed in a checkpoint. A feed has one writer.
type feedStates struct {
	db     *clickhouse.DB
	tenant string

	mu       sync.Mutex
	versions map[string]uint64
}

func (s *feedStates) LoadState(ctx context.Context, name string) (string, bool, error) {
	c, found, err := s.db.LoadCheckpoint(ctx, s.name(name))
	if err != nil {
		return "", false, fmt.Errorf("state of feed %s: %w", name, err)
	}
	s.mu.Lock()
	s.versions[name] = c.Version
	s.mu.Unlock()
	return c.Cursor, found, nil
}

func (s *feedStates) StoreState(ctx context.Context, name, text string) error {
	s.mu.Lock()
	s.versions[name]++
	version := s.versions[name]
	s.mu.Unlock()
	err := s.db.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{s.name(name): {Cursor: text, Version: version}})
	if err != nil {
		return fmt.Errorf("state of feed %s: %w", name, err)
	}
	return nil
}

func (s *feedStates) name(feed string) string { return "feed/" + s.tenant + "/" + feed }

// announced are the networks of autonomous systems by the geo databases.
type announced struct{ databases *geo.Databases }

func (a announced) Each(wanted map[uint32]string, yield func(uint32, feed.Entry) error) error {
	return a.databases.Announced(func(n uint32) bool { _, ok := wanted[n]; return ok },
		func(n uint32, p netip.Prefix) error { return yield(n, feed.Entry{Prefix: p}) })
}

func (a announced) Edition() string { return a.databases.ASNEdition() }
