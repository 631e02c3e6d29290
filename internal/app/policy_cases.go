package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// PolicyTest says which tests to run on which policies.
type PolicyTest struct {
	Policies []policy.Policy
	// Tests are files of cases that end in .yaml.
	Tests  fs.FS
	Logger *slog.Logger
	// Result is called after each test, with what is not as expected.
	Result func(file, description string, problems []string)
	// Doubt is called for each value of a policy that nothing has, also in no test of it, before the first of them runs.
	Doubt func(id string, d policy.Doubt)
	// EngineCommand as in Options.
	EngineCommand []string
}

// TestPolicies runs tests of policies on an engine on a temporary directory.
func TestPolicies(ctx context.Context, cfg config.Config, t PolicyTest) (err error) {
	opt := Options{Logger: t.Logger, EngineCommand: t.EngineCommand}
	if err := opt.complete(); err != nil {
		return err
	}
	files, err := fs.Glob(t.Tests, "*.yaml")
	if err != nil {
		return fmt.Errorf("app: tests of policies: %w", err)
	}
	known, err := knownValues(cfg)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		t.never(known)
		return errors.New("there are no tests: expected files that end in .yaml in the folder tests beside the policies")
	}
	read := make(map[string][]policies.Case, len(files))
	for _, file := range files {
		text, err := fs.ReadFile(t.Tests, file)
		if err != nil {
			return fmt.Errorf("app: tests of policies: %w", err)
		}
		if read[file], err = policies.ReadCases(file, text); err != nil {
			return err
		}
	}
	t.doubts(known, read)
	dir, err := os.MkdirTemp("", "sealwatch-policies-")
	if err != nil {
		return fmt.Errorf("app: directory for the tests: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	engine, err := embedded.Start(ctx, embedded.Options{DataDir: dir, Library: cfg.Engine.Library, Command: opt.EngineCommand,
		MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), Connections: cfg.Engine.Connections, Logger: opt.Logger})
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
		defer cancel()
		err = errors.Join(err, engine.Stop(end))
	}()
	db, err := clickhouse.Open(ctx, clickhouse.Options{Addr: engine.Addr(), User: engine.User(), Password: engine.Password(), Database: "policies", MaxConnections: cfg.Engine.Connections, Logger: opt.Logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Migrate(ctx); err != nil {
		return err
	}
	for _, file := range files {
		for i := range read[file] {
			if err := t.run(ctx, db, file, &read[file][i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// never tells the values that nothing can have, which need no test to be known.
func (t *PolicyTest) never(known policy.Values) {
	for i := range t.Policies {
		for _, d := range t.Policies[i].Doubts(known) {
			if d.Never {
				t.Doubt(t.Policies[i].ID, d)
			}
		}
	}
}

// doubts are told of policies that have tests with events that say what is delivered.
func (t *PolicyTest) doubts(known policy.Values, read map[string][]policies.Case) {
	for i := range t.Policies {
		p := &t.Policies[i]
		all := []policy.Values{known}
		for _, cases := range read {
			for j := range cases {
				if cases[j].Of == p.ID {
					all = append(all, cases[j].Values())
				}
			}
		}
		for _, d := range p.Doubts(policies.Known(all...)) {
			t.Doubt(p.ID, d)
		}
	}
}

func (t *PolicyTest) run(ctx context.Context, db *clickhouse.DB, file string, c *policies.Case) error {
	p := c.Policy
	if p == nil {
		i := slices.IndexFunc(t.Policies, func(p policy.Policy) bool { return p.ID == c.Of })
		if i < 0 {
			t.Result(file, c.Description, []string{fmt.Sprintf("of: there is no policy %q", c.Of)})
			return nil
		}
		p = &t.Policies[i]
	}
	problems, err := policies.RunCase(ctx, db, c, p, t.Logger)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		problems = []string{strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	t.Result(file, c.Description, problems)
	return nil
}
