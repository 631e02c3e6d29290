package app_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/simulate"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestEvaluate runs every shipped detection and every baseline on a small stream.
func TestEvaluate(t *testing.T) {
	cfg := settings(t)
	s := simulate.Scenario{Name: "small", Description: "d", Seed: 11, Users: 40, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Days: 14, Quiet: 9,
		AttacksPerDay: 16, Late: 0.05, Repeats: 0.01}
	o := app.EvaluateOptions{Scenarios: []simulate.Scenario{s}, Budgets: []float64{10}, DelaySamples: 1, Logger: slog.New(slog.DiscardHandler), EngineCommand: testkit.Command(t)}
	results, err := app.Evaluate(context.Background(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	r := results[0]
	if r.Attacks < 30 || r.Events < 3000 {
		t.Fatalf("%d attacks, %d events", r.Attacks, r.Events)
	}
	alerts := map[string]int{}
	for _, rule := range r.Rules {
		alerts[rule.Rule] = rule.Alerts
		if rule.Failure != "" { // its zeroes are no result
			t.Errorf("%s could not be evaluated: %s", rule.Rule, rule.Failure)
		}
		if rule.Recall < 0 || rule.Recall > 1 || rule.TrueAlerts+rule.FalseAlerts != rule.Alerts {
			t.Errorf("%+v", rule)
		}
	}
	for _, id := range []string{"impossible_travel", "failed_logins", "anonymous_ip", "control_change", "session_anomaly", "unusual_admin", "infrequent_country", "suspicious_ip", "panther_travel", "datadog_travel", "sentinel_travel", "sentinel_spraying", "elastic_stuffing"} {
		if alerts[id] == 0 {
			t.Errorf("%s raised nothing: %v", id, alerts)
		}
	}
	// no hole by suppression: what one detection leaves out, another shows
	for _, a := range r.Ignored {
		t.Errorf("an attack is ignored by all: %s", a)
	}
	kinds := map[string]int{}
	for _, v := range r.Variants {
		kinds[v.Kind] += v.Any
	}
	// slow poisoning takes longer than this stream; each detection's own cases have it
	if len(kinds) < len(simulate.Kinds())-1 {
		t.Errorf("the stream has %d kinds of attacks of %d: %v", len(kinds), len(simulate.Kinds()), kinds)
	}
	for kind, shown := range kinds {
		if shown == 0 {
			t.Errorf("nothing shows any attack of the kind %s", kind)
		}
	}
	o.Detections = []string{"nonsense"}
	if _, err := app.Evaluate(context.Background(), cfg, o); err == nil || !strings.Contains(err.Error(), "impossible_travel") {
		t.Errorf("an unknown detection: %v", err)
	}
}
