package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestScopeComesFromTheConfiguration, and one that cannot be keeps the service from starting.
func TestScopeComesFromTheConfiguration(t *testing.T) {
	cfg := config.Default()
	cfg.Analysis.Detections = map[string]config.Detection{"failed_logins": {Scope: config.Scope{
		Include: config.Selection{Groups: []string{"Finance"}, Users: []string{"ann@example.com"}}, Exclude: config.Selection{Users: []string{"bob"}, Groups: []string{"interns"}}}}}
	want := analytics.Scope{Include: analytics.Selection{Groups: []string{"Finance"}, Users: []string{"ann@example.com"}}, Exclude: analytics.Selection{Users: []string{"bob"}, Groups: []string{"interns"}}}
	if diff := cmp.Diff(want, tuning(cfg)["failed_logins"].Scope); diff != "" {
		t.Errorf("scope (-want +got):\n%s", diff)
	}
	if err := Check(cfg); err != nil {
		t.Error(err)
	}
	cfg.Analysis.Detections["failed_logins"] = config.Detection{Scope: config.Scope{Exclude: config.Selection{Users: []string{" "}}}}
	if err := Check(cfg); err == nil || !strings.Contains(err.Error(), "analysis.detections.failed_logins.scope.exclude.users[0]: is empty") {
		t.Errorf("an empty name: %v", err)
	}
	cfg.Analysis.Detections = map[string]config.Detection{"unusual_impersonation": {Scope: config.Scope{Include: config.Selection{Users: []string{"ann"}}}}}
	if err := Check(cfg); err == nil || !strings.Contains(err.Error(), "its findings are not about people") {
		t.Errorf("a scope of what is not about people: %v", err)
	}
}
