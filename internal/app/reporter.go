package app

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/status"
)

// unknownSince is how far back spellings that the classification does not know are looked for.
const unknownSince = 7 * 24 * time.Hour

// patience bounds what a status asks of the database: a status that hangs tells nobody anything.
const patience = 5 * time.Second

// reporter says how everything is doing.
type reporter struct {
	db         *clickhouse.DB
	engine     *embedded.Engine // nil with a server
	runner     *analytics.Runner
	policies   *policies.Book
	pipeline   *ingest.Pipeline
	pollers    []*poll.Poller
	deliveries *connect.Receiver // nil without sources of DocuSign Connect
	// asked are the other sources that Sealwatch asks by itself.
	asked        []askedSource
	destinations []destination
	feeds        *feeds
	geo          *geo.Databases
	// before are the sources as the events showed them when the process began.
	before  []status.Source
	tenant  string
	started time.Time
	log     *slog.Logger
}

// Status always answers: what the database does not tell is left out, and its state says so.
func (r *reporter) Status(ctx context.Context) (status.System, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	b := build.Read()
	s := status.System{Version: b.Version, Commit: b.Commit, GoVersion: b.GoVersion, Start: r.started, Engine: r.engineStatus(),
		Sources: r.sources(), Analysis: r.runner.Status(), Feeds: r.feeds.List(), Geo: r.geo.Status()}
	s.Analysis.LastError = cmp.Or(s.Analysis.LastError, r.policies.Problem())
	for i := range r.destinations {
		s.Destinations = append(s.Destinations, r.destinations[i].status())
	}
	if err := r.ask(ctx, &s); err != nil {
		r.log.WarnContext(ctx, "status: the database does not answer", slog.Any("error", err))
		if s.Engine.State == "ready" {
			s.Engine.State = "unreachable"
		}
	}
	return s, nil
}

// sources are those of this process, and those that brought events before it began: one that fell silent is not forgotten.
func (r *reporter) sources() []status.Source {
	all := r.pipeline.Sources()
	for _, old := range r.before {
		if !slices.ContainsFunc(all, func(s status.Source) bool { return s.Name == old.Name }) {
			all = append(all, old)
		}
	}
	polling := slices.Clone(r.asked)
	for _, p := range r.pollers {
		polling = append(polling, p)
	}
	for _, p := range polling {
		polled := p.Status()
		i := slices.IndexFunc(all, func(s status.Source) bool { return s.Name == polled.Name })
		if i < 0 {
			all = append(all, polled)
			continue
		}
		all[i].Polling = polled.Polling
	}
	for _, received := range receivers(r.deliveries) {
		i := slices.IndexFunc(all, func(s status.Source) bool { return s.Name == received.Name })
		if i < 0 {
			all = append(all, received)
			continue
		}
		all[i].Receiving = received.Receiving
	}
	slices.SortFunc(all, func(a, b status.Source) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (r *reporter) engineStatus() status.Engine {
	e := status.Engine{Kind: "server", State: "ready", Version: r.db.Version(), Address: r.db.Address()}
	if r.engine == nil {
		return e
	}
	now := r.engine.Status()
	e.Kind, e.Version, e.Restarts = "embedded", now.Version, int(now.Restarts)
	if now.State != embedded.StateRunning {
		e.State = string(now.State)
	}
	e.Confinement = confinement(now.Confinement)
	return e
}

// ask adds what only the database knows.
func (r *reporter) ask(ctx context.Context, s *status.System) error {
	now := time.Now()
	totals, err := r.db.EventTotals(ctx, now)
	if err != nil {
		return err
	}
	s.Engine.EventsStored, s.Analysis.Held, s.Analysis.Conflicts = totals.Stored, totals.Held, totals.Conflicts
	if s.Engine.SchemaVersion, err = r.db.SchemaVersion(ctx); err != nil {
		return err
	}
	active, err := r.db.ActiveAlerts(ctx, r.tenant)
	if err != nil {
		return err
	}
	for id, d := range s.Analysis.Detections {
		d.ActiveAlerts = active[id]
		s.Analysis.Detections[id] = d
	}
	for _, id := range []string{analytics.SourceAccess, analytics.DirectoryHold, analytics.LimitReached} {
		s.Analysis.Detections[id] = status.Detection{ActiveAlerts: active[id]}
	}
	if s.Limited, err = r.policies.Limited(ctx); err != nil {
		return err
	}
	s.UnknownActivities, err = r.db.UnknownActivities(ctx, now.Add(-unknownSince))
	return err
}

// ready lists what is missing.
func (r *reporter) ready(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.db.Ping(ctx); err != nil {
		return []string{"the database does not answer"}
	}
	return nil
}

// confinement names the walls around the engine that are up.
func confinement(c embedded.Confinement) []string {
	var walls []string
	if c.Landlock > 0 {
		walls = append(walls, "landlock")
	}
	if c.Seccomp {
		walls = append(walls, "seccomp")
	}
	return walls
}
