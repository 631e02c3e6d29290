package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/docusign/controls"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
)

const (
	withoutControls = "Changes of Connect listeners, delegations, transfers, identity providers and settings that DocuSign Monitor does not tell are not seen meanwhile; the first reading afterwards tells what is different."
	afterControls   = "What changed meanwhile is told now, with the time at which it was noticed."
)

// controlsSource is how the events of changed controls are named.
func controlsSource(name string) string { return "controls/" + name }

// startControls reads the controls of each entry.
func startControls(work context.Context, cfg config.Config, opt Options, by askedBy, pipeline *ingest.Pipeline) (all []askedSource, err error) {
	for _, d := range cfg.Sources.DocuSign {
		if !d.Reads(config.ReadControls) {
			continue
		}
		source := controlsSource(d.Monitor)
		log := opt.Logger.With(slog.String("source", source))
		r, err := openDocuSign(cfg, d, false, log)
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		in, err := controls.New(controls.Options{Origin: event.Origin{Tenant: cfg.Tenant, Source: source, Trust: monitorTrust}, Asker: r.asker, Organization: r.organization, Accounts: d.Accounts,
			Ingester: pipeline, Rejects: controlRejects{by.db}, Retention: retention(cfg), States: controlStates{by.db, cfg.Tenant}, Principals: principals(by.db, cfg.Tenant), Member: by.members.Member,
			Watch: askedWatch{by.watch, withoutControls, afterControls}, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		interval, retry := pauses(opt, d.ControlsEvery())
		if retry == 0 { // a round is many calls
			retry = time.Minute
		}
		p, err := rounds.New(rounds.Options{Source: source, Title: fmt.Sprintf("the controls of DocuSign (%s)", source), Round: in.Round, Explain: controls.Explain, Calls: r.asker.Calls,
			Watch: askedWatch{by.watch, withoutControls, afterControls}, Interval: interval, FirstRetry: retry, Logger: opt.Logger, Registerer: by.registry})
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		by.run(work, source, p, r.asker.Client().Close)
		all = append(all, p)
	}
	return all, nil
}

// principals are the ids of DocuSign's active users, as the directory has them, administrators first.
func principals(db *clickhouse.DB, tenant string) func(ctx context.Context) (first, others []string, err error) {
	return func(ctx context.Context) (first, others []string, err error) {
		type present struct{ active, administrator bool }
		all := map[string]present{}
		now := time.Now()
		err = db.PeopleOfSource(ctx, tenant, directory.SourceDocuSign, nil, func(s *directory.State) error {
			if !s.From.After(now) {
				all[s.DirectoryID] = present{s.Status == directory.StatusActive, strings.Contains(s.Role, "Administrator")}
			}
			return nil
		})
		for id, p := range all {
			switch {
			case p.active && p.administrator:
				first = append(first, id)
			case p.active:
				others = append(others, id)
			}
		}
		return first, others, err
	}
}

// controlStates keeps what was last seen.
type controlStates struct {
	db     *clickhouse.DB
	tenant string
}

func (s controlStates) LoadStates(ctx context.Context, source string) ([]controls.State, error) {
	rows, err := s.db.ControlStates(ctx, s.tenant, source)
	all := make([]controls.State, len(rows))
	for i, r := range rows {
		all[i] = controls.State{Scope: r.Scope, Object: r.Object, Kind: r.Kind, Account: r.Account, Name: r.Name, JSON: r.State, Chain: r.Chain, Removed: r.Removed, Seen: r.Seen, Version: r.Version}
	}
	return all, err
}

func (s controlStates) StoreStates(ctx context.Context, source string, all []controls.State) error {
	rows := make([]clickhouse.ControlState, len(all))
	for i, r := range all {
		rows[i] = clickhouse.ControlState{Scope: r.Scope, Object: r.Object, Kind: r.Kind, Account: r.Account, Name: r.Name, State: r.JSON, Chain: r.Chain, Removed: r.Removed, Seen: r.Seen, Version: r.Version}
	}
	return s.db.AddControlStates(ctx, uuid.NewString(), s.tenant, source, rows)
}

// controlRejects keeps changes that cannot be events.
type controlRejects struct{ db *clickhouse.DB }

func (s controlRejects) KeepRejected(ctx context.Context, all []controls.Rejected) error {
	rows := make([]clickhouse.RejectedRecord, len(all))
	for i, r := range all {
		rows[i] = clickhouse.RejectedRecord{Tenant: r.Origin.Tenant, Source: r.Origin.Source, Arrival: r.Time, EventID: r.EventID, Field: r.Field, Problem: r.Problem, Raw: string(r.Raw)}
	}
	return s.db.AddRejectedRecords(ctx, uuid.NewString(), rows)
}
