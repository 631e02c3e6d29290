package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// folderEvery is how often the folder of policies is read.
const folderEvery = 5 * time.Second

// policyBook is what the server offers of the policies.
type policyBook struct {
	*policies.Book
	policies.Trial
	templates []policy.Policy
}

func (b *policyBook) Templates() []policy.Policy { return b.templates }

func (b *policyBook) Describe(p *policy.Policy) string { return policies.Describe(p) }

// openPolicies reads the policies of the folder and those that were saved, and has them evaluated.
func openPolicies(ctx context.Context, cfg config.Config, db *clickhouse.DB, runner *analytics.Runner, log *slog.Logger) (*policies.Book, error) {
	var files map[string]policy.Policy
	if cfg.Policies.Folder != "" {
		var err error
		if files, err = policies.ReadFolder(cfg.Policies.Folder); err != nil {
			return nil, fmt.Errorf("policies.folder: %w", err)
		}
	}
	known, err := knownValues(cfg)
	if err != nil {
		return nil, err
	}
	return policies.Open(ctx, policies.Options{Tenant: cfg.Tenant, Store: db, Analysis: runner, Clock: time.Now, Logger: log, Known: known, Files: files})
}

// knownValues are those that fields of policies can have, seen or not.
func knownValues(cfg config.Config) (policy.Values, error) {
	classifier, err := classify.New(classify.Options{File: cfg.Ingest.ClassificationFile})
	if err != nil {
		return nil, fmt.Errorf("app: classification: %w", err)
	}
	return policy.Values{"activity": classifier.Activities(), "ip_tag": intelligence.Tags}, nil
}

// offered is what the server offers of them.
func offered(book *policies.Book, backtester *analytics.Backtester) (*policyBook, error) {
	templates, err := policies.Templates()
	if err != nil {
		return nil, err
	}
	return &policyBook{book, policies.Trial{Book: book, Comparer: backtester}, templates}, nil
}
