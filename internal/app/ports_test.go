package app_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestTakenPorts: a service that could not serve starts no engine and leaves nothing behind.
func TestTakenPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	cfg := config.Default()
	cfg.DataDir = filepath.Join(t.TempDir(), "data")
	cfg.GRPCAddr, cfg.HTTPAddr, cfg.Hunting.Addr = "127.0.0.1:0", taken.Addr().String(), taken.Addr().String()
	err = app.Run(t.Context(), cfg, app.Options{Started: func(app.Addresses) { t.Error("it began") }})
	if err == nil || !strings.Contains(err.Error(), "httpAddr: cannot listen on "+cfg.HTTPAddr) || !strings.Contains(err.Error(), "hunting.addr: ") || strings.Contains(err.Error(), "grpcAddr") {
		t.Error(err)
	}
	if _, err := os.Stat(cfg.DataDir); !os.IsNotExist(err) {
		t.Errorf("the data directory is there: %v", err)
	}
}

// TestTakenPortOfNobody: with a server of the operator's own nobody hunts through the service, so that the port for it may be taken.
func TestTakenPortOfNobody(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	cfg := config.Default()
	cfg.DataDir = filepath.Join(t.TempDir(), "data")
	cfg.GRPCAddr, cfg.HTTPAddr, cfg.Hunting.Addr = "127.0.0.1:0", "127.0.0.1:0", taken.Addr().String()
	cfg.ClickHouse.DSN = config.NewSecret("ftp://127.0.0.1") // it ends at the database
	if err := app.Run(t.Context(), cfg, app.Options{}); err == nil || strings.Contains(err.Error(), "cannot listen") {
		t.Error(err)
	}
}
