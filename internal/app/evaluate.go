package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/evaluate"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// EvaluateOptions say what to measure.
type EvaluateOptions struct {
	Scenarios []simulate.Scenario
	// Detections are ids, all when empty.
	Detections []string
	// Budgets and DelaySamples as in evaluate.Options.
	Budgets      []float64
	DelaySamples int
	Progress     func(string)
	Logger       *slog.Logger
	// EngineCommand as in Options.
	EngineCommand []string
}

// Evaluate plays each scenario into a fresh database of an engine on a temporary directory, by the way that every record
// takes, and measures the shipped detections with their default values, and the baselines.
func Evaluate(ctx context.Context, cfg config.Config, o EvaluateOptions) (results []*evaluate.Result, err error) {
	opt := Options{Logger: o.Logger, EngineCommand: o.EngineCommand}
	if err := opt.complete(); err != nil {
		return nil, err
	}
	rules, err := evaluationRules(o.Detections)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sealwatch-evaluate-")
	if err != nil {
		return nil, fmt.Errorf("app: directory for the evaluation: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	engine, err := embedded.Start(ctx, embedded.Options{DataDir: dir, Library: cfg.Engine.Library, Command: opt.EngineCommand,
		MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), Connections: cfg.Engine.Connections, Logger: opt.Logger})
	if err != nil {
		return nil, err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
		defer cancel()
		err = errors.Join(err, engine.Stop(end))
	}()
	for i, s := range o.Scenarios {
		r, err := evaluateScenario(ctx, clickhouse.Options{Addr: engine.Addr(), User: engine.User(), Password: engine.Password(),
			Database: fmt.Sprintf("evaluate_%d", i), MaxConnections: cfg.Engine.Connections, Logger: opt.Logger}, s, rules, o)
		if err != nil {
			return results, err
		}
		results = append(results, r)
	}
	return results, nil
}

// evaluationRules are the shipped detections and the baselines.
func evaluationRules(ids []string) ([]evaluate.Rule, error) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		return nil, err
	}
	tuned, err := analytics.Tune(definitions, nil)
	if err != nil {
		return nil, err
	}
	baselines, err := evaluate.Baselines()
	if err != nil {
		return nil, err
	}
	var all []evaluate.Rule
	for _, d := range tuned {
		r := evaluate.Rule{ID: d.ID, Detection: d.ID, SQL: d.SQL}
		for _, p := range d.Parameters {
			r.Arguments = append(r.Arguments, clickhouse.Argument{Name: p.Name, Type: p.Type, Value: d.Values[p.Name]})
		}
		all = append(all, r)
	}
	return evaluate.Select(append(all, baselines...), ids)
}

// evaluateScenario measures one scenario in a database of its own, which it drops.
func evaluateScenario(ctx context.Context, at clickhouse.Options, s simulate.Scenario, rules []evaluate.Rule, o EvaluateOptions) (r *evaluate.Result, err error) {
	db, err := clickhouse.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Drop(context.WithoutCancel(ctx)), db.Close()) }()
	if _, err := db.Migrate(ctx); err != nil {
		return nil, err
	}
	ids := clickhouse.NewIdentities(db)
	if err := ids.Load(ctx); err != nil {
		return nil, err
	}
	classifier, err := classify.New(classify.Options{})
	if err != nil {
		return nil, err
	}
	normaliser, err := ingest.NewNormaliser(ingest.NormaliserOptions{Classifier: classifier, Locator: simulatedNetworks{}})
	if err != nil {
		return nil, err
	}
	pipeline, err := ingest.New(ingest.Options{Store: eventStore{db: db, ids: ids}, Normaliser: normaliser, Logger: at.Logger})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pipeline.Close(context.WithoutCancel(ctx))) }()
	if err := errors.Join(db.AddRanges(ctx, simulatedRanges(&s)), db.RebuildNetworks(ctx)); err != nil {
		return nil, err
	}
	if err := addSimulatedPeople(ctx, db, &s); err != nil {
		return nil, err
	}
	return evaluate.Run(ctx, evaluate.Options{Scenario: s, Tenant: s.Name, Ingester: evaluationIngest{pipeline, s.Name}, Finder: db, Rules: rules,
		Budgets: o.Budgets, DelaySamples: o.DelaySamples, Progress: o.Progress})
}

// evaluationIngest hands simulated records to the pipeline and takes nothing less than all of them.
type evaluationIngest struct {
	pipeline *ingest.Pipeline
	tenant   string
}

// Ingest stores the records, and the deliveries of Connect as a receiver of them does.
func (i evaluationIngest) Ingest(ctx context.Context, items []simulate.Item) error {
	var records, deliveries []event.Submission
	for _, item := range items {
		if !item.Delivery {
			records = append(records, event.Submission{JSON: item.JSON})
			continue
		}
		r, err := connect.Parse("simulation", item.JSON)
		if err != nil {
			return fmt.Errorf("app: a simulated delivery: %w", err)
		}
		deliveries = append(deliveries, event.Submission{Record: r})
	}
	return errors.Join(i.all(ctx, "simulation", clientTrust, records), i.all(ctx, "connect/simulation", connectTrust, deliveries))
}

// EventID is the record's own, or the one that a delivery gets.
func (i evaluationIngest) EventID(item simulate.Item) (string, error) {
	if !item.Delivery {
		return item.ID, nil
	}
	r, err := connect.Parse("simulation", item.JSON)
	if err != nil {
		return "", fmt.Errorf("app: a simulated delivery: %w", err)
	}
	return r.EventID, nil
}

func (i evaluationIngest) all(ctx context.Context, source string, trust uint8, all []event.Submission) error {
	if len(all) == 0 {
		return nil
	}
	receipt, err := i.pipeline.Ingest(ctx, event.Origin{Tenant: i.tenant, Source: source, Trust: trust}, all)
	if err != nil {
		return err
	}
	if receipt.Rejected > 0 {
		j := receipt.Rejections[0]
		return fmt.Errorf("app: a simulated record was rejected: event %s: %s: %s", j.EventID, j.Field, j.Problem)
	}
	return nil
}

// simulatedNetworks tells the networks of the simulation; places are the records' own.
type simulatedNetworks struct{}

// Locate knows the reserved addresses that the simulation uses.
func (simulatedNetworks) Locate(a netip.Addr, _ time.Time) (geo.Location, bool) {
	n, ok := simulate.NetworkOf(a)
	return geo.Location{ASN: n.ASN, ASOrganization: n.Organization}, ok
}

// Epoch is always the same: the networks of the simulation do not change.
func (simulatedNetworks) Epoch(time.Time) int { return 0 }

// simulatedRanges is what lists of addresses would say about them.
func simulatedRanges(s *simulate.Scenario) []intelligence.Range {
	category := map[string]string{"tor": "risky", "vpn": "vpn", "hosting": "cloud", "security_proxy": "cloud", "bad": "risky"}
	tags := map[string][]string{"tor": {"tor"}, "vpn": {"vpn"}, "relay": {"relay"}, "hosting": {"hosting"}, "security_proxy": {"hosting"}, "airline": {"satellite"}, "bad": {"botnet"}}
	var all []intelligence.Range
	for _, i := range s.Listed() {
		r := intelligence.Range{Tenant: s.Name, Source: "simulated-feed", Prefix: i.Range, Name: i.Kind, Category: "other", Tags: tags[i.Kind], Confidence: 90, From: time.Unix(0, 0).UTC()}
		if c := category[i.Kind]; c != "" {
			r.Category = c
		}
		all = append(all, r)
	}
	return all
}
