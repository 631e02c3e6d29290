// Package testkit gives tests a real database: the embedded engine, one process for a test binary, one database for a
// test. With SEALWATCH_TEST_CLICKHOUSE_DSN the tests run against that server instead. Only tests import it.
package testkit

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
)

// serverDSN is the variable that names a ClickHouse server for the tests.
const serverDSN = "SEALWATCH_TEST_CLICKHOUSE_DSN"

// ChildArgument makes a test binary the engine's process.
const ChildArgument = "engine-child"

var (
	once      sync.Once
	engine    *embedded.Engine
	engineErr error
	directory string
	databases atomic.Int64
)

// shared is what Shared opened last; Main drops it.
var shared struct {
	name string
	db   *clickhouse.DB
}

// Main runs the tests of a package that calls Database or Engine; its TestMain MUST be
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ChildArgument {
		if err := embedded.RunChild(context.Background(), os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	dropShared()
	if engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := engine.Stop(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "testkit: stop of the engine:", err)
			code = max(code, 1)
		}
		cancel()
	}
	if directory != "" {
		_ = os.RemoveAll(directory)
	}
	os.Exit(code)
}

// Command starts the test's own executable as an engine's child.
func Command(t testing.TB) []string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{executable, ChildArgument}
}

// Library is the path of the engine's library. Without it the test is skipped, but fails where CI is true.
func Library(t testing.TB) string {
	t.Helper()
	library, err := embedded.FindLibrary()
	if err != nil {
		Missing(t, "the engine's library (make third-party): "+err.Error())
	}
	return library
}

// Missing skips a test for want of something that the machine may lack, and fails it where CI is true.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("required here: %s", what)
	}
	t.Skipf("needs %s", what)
}

// Engine is the engine of this test binary, started with the first call.
func Engine(t testing.TB) *embedded.Engine {
	t.Helper()
	library := Library(t)
	command := Command(t)
	once.Do(func() {
		//nolint:usetesting // the directory outlives the test that needs it first
		directory, engineErr = os.MkdirTemp("", "sealwatch-test-")
		if engineErr != nil {
			return
		}
		engine, engineErr = embedded.Start(context.Background(), embedded.Options{DataDir: directory, Library: library, Command: command,
			MaxMemory: 2 << 30, DrainTimeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
	})
	if engineErr != nil {
		t.Fatalf("testkit: engine: %v", engineErr)
	}
	return engine
}

// Database is a fresh database of the newest schema, for this test only.
func Database(t testing.TB) *clickhouse.DB {
	t.Helper()
	db := EmptyDatabase(t)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// Shared is a database of the newest schema for all tests that ask for the name one after the other, each with a tenant of
// its own: the schema costs more than most of them. It is dropped when another name is asked for, since the engine needs memory
// for the parts of every table that it keeps. Tests that run side by side cannot use it.
func Shared(t testing.TB, name string) *clickhouse.DB {
	t.Helper()
	if shared.db != nil && shared.name == name {
		return shared.db
	}
	dropShared()
	ctx := context.WithoutCancel(t.Context())
	db, err := clickhouse.Open(ctx, Options(t))
	if err != nil {
		t.Fatalf("testkit: the database %s: %v", name, err)
	}
	shared.name, shared.db = name, db
	if _, err := db.Migrate(ctx); err != nil {
		dropShared()
		t.Fatalf("testkit: the database %s: %v", name, err)
	}
	return db
}

func dropShared() {
	if shared.db != nil {
		drop(shared.db, func(err error) { fmt.Fprintln(os.Stderr, "testkit: drop:", err) })
	}
	shared.name, shared.db = "", nil
}

// drop removes a database and ends its pool.
func drop(db *clickhouse.DB, complain func(error)) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := db.Drop(ctx); err != nil {
		complain(err)
	}
	_ = db.Close()
}

// EmptyDatabase is a fresh database without tables.
func EmptyDatabase(t testing.TB) *clickhouse.DB {
	t.Helper()
	o := Options(t)
	db, err := clickhouse.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(db, func(err error) { t.Logf("testkit: drop: %v", err) }) })
	return db
}

// Options connect to a database name that nobody else uses.
func Options(t testing.TB) clickhouse.Options {
	t.Helper()
	name := fmt.Sprintf("sealwatch_test_%d_%d", os.Getpid(), databases.Add(1))
	if dsn := os.Getenv(serverDSN); dsn != "" {
		u, err := url.Parse(dsn)
		if err != nil || strings.Trim(u.Path, "/") != "" {
			t.Fatalf("testkit: %s: expected a DSN without a database", serverDSN)
		}
		u.Path = "/" + name
		return clickhouse.Options{DSN: u.String()}
	}
	e := Engine(t)
	return clickhouse.Options{Addr: e.Addr(), User: e.User(), Password: e.Password(), Database: name}
}
