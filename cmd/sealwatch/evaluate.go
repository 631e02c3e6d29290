package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/evaluate"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// evaluateFlags are the options of the command.
type evaluateFlags struct {
	scenarios, detections []string
	budgets               []float64
	delaySamples          int
	output                string
}

func (p *process) evaluateCommand() *cobra.Command {
	f := &evaluateFlags{}
	c := &cobra.Command{
		Use:   "evaluate",
		Short: "Measure the detections on simulated attacks",
		Long: "Play scenarios (see sealwatch simulate) into an engine on a temporary directory, by the way that every record takes, and count\n" +
			"what the shipped detections find of the attacks, and what they raise besides: recall, precision, false alerts per 1,000 users\n" +
			"and week, delay in event time, and all of it within several budgets of false alerts. Published rules of Elastic, Datadog,\n" +
			"Panther, BuffaLogs and Sentinel, re-stated in SQL, run on the same stream. Nothing is kept.\n\n" +
			"docs/detection-quality.md explains the numbers and where a simulation flatters.",
		Example: "  sealwatch evaluate --scenario scenarios/travel.yaml\n  sealwatch evaluate --detection impossible_travel -o json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringArrayVar(&f.scenarios, "scenario", nil, "file with a scenario, repeatable (default: all of scenarios/)")
	c.Flags().StringSliceVar(&f.detections, "detection", nil, "ids of detections (default: all)")
	c.Flags().Float64SliceVar(&f.budgets, "budgets", []float64{1, 5, 20}, "false alerts per 1,000 users and week")
	c.Flags().IntVar(&f.delaySamples, "delay-samples", 40, "attacks of a rule whose delay is measured")
	c.Flags().StringVarP(&f.output, "output", "o", "table", "table or json")
	c.RunE = func(c *cobra.Command, _ []string) error { return p.evaluate(c.Context(), f) }
	return c
}

func (p *process) evaluate(ctx context.Context, f *evaluateFlags) error {
	if f.output != "table" && f.output != "json" {
		return usagef("--output: found %q, expected table or json", f.output)
	}
	if f.delaySamples < 0 {
		return usagef("--delay-samples: found %d, expected 0 or more", f.delaySamples)
	}
	slices.Sort(f.budgets)
	files := f.scenarios
	if len(files) == 0 {
		var err error
		if files, err = filepath.Glob("scenarios/*.yaml"); err != nil || len(files) == 0 {
			return usagef("--scenario: there is no folder scenarios here, expected a file")
		}
	}
	var scenarios []simulate.Scenario
	for _, file := range files {
		s, err := simulate.ReadScenario(file)
		if err != nil {
			return err
		}
		scenarios = append(scenarios, s)
	}
	cfg, err := config.Load(config.Options{Environ: p.environ, Executable: p.executable})
	if err != nil {
		return err
	}
	cfg.Log.Level = "warn"
	log, err := newLogger(p.err, cfg.Log)
	if err != nil {
		return err
	}
	results, err := app.Evaluate(ctx, cfg, app.EvaluateOptions{Scenarios: scenarios, Detections: f.detections, Budgets: f.budgets, DelaySamples: f.delaySamples,
		Progress: func(what string) { p.say("%s", what) }, Logger: log})
	if err != nil {
		return err
	}
	if f.output == "json" {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		if err := e.Encode(map[string]any{"results": results}); err != nil {
			return fmt.Errorf("writing the results: %w", err)
		}
		return notEvaluated(results)
	}
	for _, r := range results {
		if err := evaluate.WriteTable(p.out, r); err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
	}
	return notEvaluated(results)
}

// notEvaluated is the error that says which rules could not be evaluated, so that nobody takes their silence for a result.
func notEvaluated(results []*evaluate.Result) error {
	var all []string
	for _, r := range results {
		for _, rule := range r.Failures() {
			all = append(all, r.Scenario+": "+rule)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("could not be evaluated: %s; the results above say why", strings.Join(all, ", "))
}
