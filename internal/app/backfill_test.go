package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// serviceArgument makes the test binary a service in a process of its own, which a test can kill.
const serviceArgument = "service-child"

// runServiceChild serves with the configuration of a file, and says on standard output where. With a number behind the file it dies
// between the events and the cursor of the page of that number, as a power failure ends it.
func runServiceChild(args []string) error {
	cfg, err := config.Load(config.Options{File: args[0]})
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	pages, last := 0, 0
	if len(args) > 1 {
		if last, err = strconv.Atoi(args[1]); err != nil {
			return err
		}
	}
	stored := func(string) { // one source: one goroutine
		if pages++; pages == last {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return app.Run(context.Background(), cfg, app.Options{Logger: log, EngineCommand: []string{executable, testkit.ChildArgument}, SourceInterval: 50 * time.Millisecond, PageStored: stored,
		Started: func(a app.Addresses) { _ = json.NewEncoder(os.Stdout).Encode(a) }})
}

// dying starts a service in a process of its own, which kills itself between the events and the cursor of a page; 0 lets it live.
// ended waits for its end.
func dying(t *testing.T, cfg config.Config, page int) (s *service, ended func()) {
	t.Helper()
	s, _, ended = child(t, cfg, page)
	return s, ended
}

// killable starts a service in a process of its own; kill ends it as a power failure does.
func killable(t *testing.T, cfg config.Config) (s *service, kill func()) {
	t.Helper()
	s, process, ended := child(t, cfg, 0)
	return s, func() {
		_ = process.Kill()
		ended()
	}
}

func child(t *testing.T, cfg config.Config, page int) (s *service, process *os.Process, ended func()) {
	t.Helper()
	text, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sealwatch.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], serviceArgument, file, strconv.Itoa(page))
	c.Stderr = os.Stderr
	races := filepath.Join(t.TempDir(), "race")
	c.Env = append(os.Environ(), "GORACE="+os.Getenv("GORACE")+" halt_on_error=1 exitcode=66 log_path="+races) // log_path.PID
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended = sync.OnceFunc(func() {
		if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("the service ended with %v, expected that it is killed", err)
		}
		reports, _ := filepath.Glob(races + ".*")
		for _, name := range reports {
			text, err := os.ReadFile(name)
			t.Errorf("the service reported a data race: %s %v", text, err)
		}
	})
	t.Cleanup(func() {
		_ = c.Process.Kill()
		ended()
	})
	s = &service{t: t, cfg: cfg}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.at)
	}
	if err != nil {
		t.Fatalf("the service did not start: %v", err)
	}
	return s, c.Process, ended
}

// stored waits until so many events are stored.
func (s *service) stored(n float64) {
	s.t.Helper()
	var have float64
	for range 6000 {
		if have = s.get("/v1/status")["engine"].(map[string]any)["eventsStored"].(float64); have >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("%g events are stored, expected %g: %v", have, n, s.get("/v1/status")["sources"])
}

// TestBackfill reads 100,000 records with all that can happen on the way: repeated and late rows, 429, 5xx, a token that
// expires, a connection cut mid-page, a page that comes again, the service killed three times between the events
// and the cursor of a page, and cursors that DocuSign forgets. Every record is stored once.
func TestBackfill(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred thousand records")
	}
	const records, page = 100_000, 1700
	d := docusigntest.New(t)
	d.PageRecords = page
	first := time.Now().Add(-300 * 24 * time.Hour).Truncate(time.Second)
	step := 299 * 24 * time.Hour / records
	for i := range records {
		taken := first.Add(time.Duration(i) * step)
		at := taken
		if i%1000 == 7 {
			at = at.Add(-5 * time.Hour) // late
		}
		d.Add(taken, docusigntest.Record(fmt.Sprintf("e-%d", i), at))
		if i%500 == 3 && i > 500 { // comes again
			before := i - 401
			d.Add(taken, docusigntest.Record(fmt.Sprintf("e-%d", before), first.Add(time.Duration(before)*step)))
		}
	}
	pass := docusigntest.Fault(func(w http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(w, r) })
	faults := func() {
		d.Fail(docusigntest.PathV3, pass, docusigntest.Status(429, "", "Retry-After", "1"), pass, docusigntest.Cut, pass, docusigntest.Status(401, ""), pass, d.Again, pass, docusigntest.Gzip(true))
	}
	cfg := settings(t)
	m := source(t, d)
	m.Since = first.Add(-time.Hour).UTC().Format(time.RFC3339)
	cfg.Sources.Monitor = []config.MonitorSource{m}
	cfg.GRPCAddr, cfg.HTTPAddr, cfg.Hunting.Addr = "127.0.0.1:0", "127.0.0.1:0", ""
	begun := time.Now()
	for i, page := range []int{9, 16, 18} {
		faults()
		before := len(d.Calls(docusigntest.PathV3))
		_, ended := dying(t, cfg, page)
		ended()
		calls := d.Calls(docusigntest.PathV3)
		if before > 0 && i != 2 && calls[before].Cursor != calls[before-1].Cursor {
			t.Errorf("after kill %d the first call has the cursor %q, expected that of the page whose cursor was not stored, %q", i, calls[before].Cursor, calls[before-1].Cursor)
		}
		d.RevokeTokens()
		if i == 1 {
			d.ForgetCursors()
		}
	}
	s, _ := dying(t, cfg, 0)
	d.Fail(docusigntest.PathV3, docusigntest.Status(503, ""), docusigntest.Truncated)
	s.stored(records)
	s.reaches("current")
	s.settled()
	if one, _ := s.polling(); one["duplicates"].(float64) < page {
		t.Errorf("the last process met %g duplicates, expected the page that was stored without its cursor", one["duplicates"])
	}
	status := s.get("/v1/status")
	if n := status["engine"].(map[string]any)["eventsStored"].(float64); n != records || status["analysis"].(map[string]any)["conflicts"].(float64) != 0 {
		t.Errorf("%g events are stored, expected %d; %v", n, records, status["analysis"])
	}
	refused, calls := 0, d.Calls(docusigntest.PathV3)
	for _, c := range calls {
		if c.Status == http.StatusBadRequest {
			refused++
		}
	}
	t.Logf("%d records by %d calls in %s", records, len(calls), time.Since(begun).Round(time.Second))
	if refused != 1 || len(calls) < 60 || len(calls) > 200 {
		t.Errorf("%d cursors were refused, %d calls", refused, len(calls))
	}
}
