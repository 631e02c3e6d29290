package app_test

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestDoctorOfTheEngine: it starts one of its own, whether the service runs or not, and a server that does not answer is said.
func TestDoctorOfTheEngine(t *testing.T) {
	cfg := settings(t)
	ask := func(cfg config.Config) (bool, string) {
		var b strings.Builder
		broken, err := app.Doctor(t.Context(), cfg, []string{"engine", "service"}, app.DoctorOptions{EngineCommand: testkit.Command(t)}, func(s app.Step) {
			b.WriteString(s.Outcome + " " + s.Source + " " + s.Name + ": " + s.Text + "\n")
		})
		if err != nil {
			t.Fatal(err)
		}
		return broken, b.String()
	}
	cfg.HTTPAddr = "127.0.0.1:1"
	if broken, text := ask(cfg); broken || !strings.Contains(text, "ok engine data directory") || !strings.Contains(text, "runs here") || !strings.Contains(text, "it does not run at") {
		t.Error(text)
	}
	cfg.HTTPAddr = "127.0.0.1:0"
	s := run(t, cfg)
	cfg.HTTPAddr = s.at.HTTP
	if broken, text := ask(cfg); broken || !strings.Contains(text, "and is ready") {
		t.Error(text)
	}
	cfg.ClickHouse.DSN = config.NewSecret("clickhouse://u:hidden@127.0.0.1:1/sealwatch")
	if broken, text := ask(cfg); !broken || !strings.Contains(text, "failed engine connection") || !strings.Contains(text, "skipped engine schema") || strings.Contains(text, "hidden") {
		t.Error(text)
	}
	cfg.ClickHouse.DSN, cfg.DataDir = config.Secret{}, "/proc/sealwatch/data"
	if broken, text := ask(cfg); !broken || !strings.Contains(text, "failed engine data directory") || !strings.Contains(text, "skipped engine start") {
		t.Error(text)
	}
}
