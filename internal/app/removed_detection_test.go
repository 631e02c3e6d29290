package app_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestRemovedDetectionIsStillServed: a reader that has followed a detection is not refused after the upgrade to a release without it.
func TestRemovedDetectionIsStillServed(t *testing.T) {
	cfg := settings(t)
	engine, err := embedded.Start(t.Context(), embedded.Options{DataDir: cfg.DataDir, Library: cfg.Engine.Library, Command: testkit.Command(t),
		MaxMemory: uint64(cfg.Engine.MaxMemoryBytes), Connections: cfg.Engine.Connections, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	db, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: engine.Addr(), User: engine.User(), Password: engine.Password(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := db.AddDetectionVersions(t.Context(), cfg.Tenant, []alert.DetectionVersion{{Detection: "gone_by_now", Revision: 1, ValidFrom: began, ValidTo: began.AddDate(100, 0, 0),
		MadeBy: "configuration", MadeAt: began, Logic: alert.Logic{SQL: "SELECT 1", Inputs: "{}", Scope: "{}"}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := run(t, cfg)
	for path, want := range map[string]int{
		"/v1/alerts?filter.detections=gone_by_now":        http.StatusOK,
		"/v1/alerts:stream?filter.detections=gone_by_now": http.StatusOK,
		"/v1/exceptions?detections=gone_by_now":           http.StatusOK,
		"/v1/alerts?filter.detections=never_there":        http.StatusBadRequest,
		"/v1/alerts:stream?filter.detections=never_there": http.StatusBadRequest,
	} {
		r, err := http.Get("http://" + s.at.HTTP + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%s: %s, expected %d", path, r.Status, want)
		}
	}
}
