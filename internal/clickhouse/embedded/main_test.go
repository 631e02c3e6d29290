package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// childArgument makes the test's own executable an engine's child.
const childArgument = "engine-child"

// programs are what the test's executable can be instead of a test, by its
// first argument: a child has no environment that could say so.
var programs = map[string]func(args []string) error{
	childArgument:  func(args []string) error { return RunChild(context.Background(), args) },
	orphanArgument: runParent,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && programs[os.Args[1]] != nil {
		if err := programs[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// sharedEngine serves the tests that neither stop nor overload it; each of
// them uses a database of its own.
type sharedEngine struct {
	once sync.Once
	dir  string
	e    *Engine
	err  error
}

var shared sharedEngine

func useShared(t *testing.T) *Engine {
	t.Helper()
	options := readerOptions(t)
	shared.once.Do(func() {
		shared.dir, shared.err = os.MkdirTemp("", "sealwatch-engine-test-") //nolint:usetesting // it outlives the test that comes first
		if shared.err == nil {
			options.DataDir, options.Logger = shared.dir, slog.New(slog.DiscardHandler)
			shared.e, shared.err = Start(context.Background(), options)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Cleanup(func() {
		if n := shared.e.Restarts(); n > 0 {
			t.Errorf("the shared engine has died: %+v", shared.e.Status())
		}
	})
	return shared.e
}

func (s *sharedEngine) stop() {
	if s.e != nil {
		_ = s.e.Stop(context.Background())
	}
	_ = os.RemoveAll(s.dir)
}

// testOptions are options for an engine in a directory of the test. Without
// the library the test is skipped, but not where tests are run for everybody.
func testOptions(t *testing.T) Options {
	t.Helper()
	library, err := FindLibrary()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the engine's library is required here: %v", err)
		}
		t.Skipf("needs the engine's library: %v", err)
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		DataDir: t.TempDir(), Library: library, Command: []string{executable, childArgument},
		MaxMemory: 1 << 30, DrainTimeout: 2 * time.Second, Logger: testLogger(t),
	}
}

func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

// startEngine runs an engine until the test ends.
func startEngine(t *testing.T, options Options) *Engine {
	t.Helper()
	e, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := e.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return e
}

// connect opens clickhouse-go as the full user; connectAs as another.
func connect(t *testing.T, e *Engine) driver.Conn {
	t.Helper()
	return connectAs(t, e, e.User(), e.Password(), "")
}

func connectAs(t *testing.T, e *Engine, user, password, database string) driver.Conn {
	t.Helper()
	return open(t, &clickhouse.Options{
		Addr: []string{e.Addr()}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: user, Password: password, Database: database},
		MaxOpenConns: 16, MaxIdleConns: 16,
	})
}

func open(t *testing.T, options *clickhouse.Options) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func mustExec(t *testing.T, conn driver.Conn, sql string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// queryOne reads the one value of a query's result.
func queryOne[T any](t *testing.T, conn driver.Conn, sql string, args ...any) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}
