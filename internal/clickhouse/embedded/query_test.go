package embedded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// codeOf is ClickHouse's error code in err, 0 when it carries none.
func codeOf(err error) int32 {
	var e *clickhouse.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestParameters(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	nasty := "it's \\ a \"test\"\n\t{x:String} \x00 end"
	if got := queryOne[string](t, conn, "SELECT {v:String}", clickhouse.Named("v", nasty)); got != nasty {
		t.Errorf("got %q, want %q", got, nasty)
	}
	list := []string{"a", "b'c", "", `d\`, "tab\t"}
	got := queryOne[[]string](t, conn, "SELECT {v:Array(String)}", clickhouse.Named("v", list))
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", list) {
		t.Errorf("got %q, want %q", got, list)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)
	if got := queryOne[time.Time](t, conn, "SELECT {v:DateTime64(3)}", clickhouse.DateNamed("v", at, clickhouse.MilliSeconds)); !got.Equal(at) {
		t.Errorf("got %v, want %v", got, at)
	}
	if got := queryOne[*string](t, conn, "SELECT {v:Nullable(String)}", clickhouse.Named("v", nil)); got != nil {
		t.Errorf("got %v, want NULL", *got)
	}
	many := make([]uint64, 10000)
	for i := range many {
		many[i] = uint64(i)
	}
	if got := queryOne[uint64](t, conn, "SELECT arraySum({v:Array(UInt64)})", clickhouse.Named("v", many)); got != 49995000 {
		t.Errorf("sum of a long parameter: %d", got)
	}
	mustExec(t, conn, "CREATE DATABASE parameters")
	mustExec(t, conn, "CREATE VIEW parameters.v AS SELECT number FROM numbers(100) WHERE number >= {least:UInt64}")
	if got := queryOne[uint64](t, conn, "SELECT count() FROM parameters.v(least = {x:UInt64})", clickhouse.Named("x", 90)); got != 10 {
		t.Errorf("parameterised view: %d rows", got)
	}
	if err := conn.QueryRow(t.Context(), "SELECT {missing:UInt8}, {v:UInt8}", clickhouse.Named("v", 1)).Scan(new(uint8), new(uint8)); codeOf(err) != 456 {
		t.Errorf("missing parameter: %v", err)
	}
}

func TestErrorsCarryTheCode(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	for sql, code := range map[string]int32{
		"SELECT * FROM missing":                 60,
		"SELECT * FROM missing.t":               81,
		"SELEC 1":                               62,
		"SELECT throwIf(1)":                     395,
		"SELECT nosuchfunction(1)":              46,
		"SELECT 1; SELECT 2":                    62,
		"CREATE TABLE x (a Nosuch) ENGINE=Null": 50,
		"INSERT INTO missing VALUES (1)":        60,
		"SELECT 1 INTO OUTFILE 'x'":             48,
	} {
		if err := conn.Exec(t.Context(), sql); codeOf(err) != code {
			t.Errorf("%s: got %v, want code %d", sql, err, code)
		}
	}
	for name, code := range map[string]int32{"nosuch_setting": 115, "max_threads": 27, "session_id": 48, "role": 48} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{name: "x'y"}))
		if err := conn.Exec(ctx, "SELECT 1"); codeOf(err) != code {
			t.Errorf("setting %s: got %v, want code %d", name, err, code)
		}
	}
	wrong := open(t, &clickhouse.Options{Addr: []string{e.Addr()}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: e.User(), Password: "wrong"}})
	if err := wrong.Ping(t.Context()); codeOf(err) != 516 {
		t.Errorf("wrong password: %v", err)
	}
}

// TestErrorInTheMiddle has a query fail after blocks of it were sent.
func TestErrorInTheMiddle(t *testing.T) {
	e := useShared(t)
	for name, method := range map[string]clickhouse.CompressionMethod{"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4} {
		conn := open(t, &clickhouse.Options{
			Addr: []string{e.Addr()}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: e.User(), Password: e.Password()},
			Compression: &clickhouse.Compression{Method: method},
		})
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1000, "max_threads": 1}))
		rows, err := conn.Query(ctx, "SELECT number, throwIf(number = 50000, 'too far') FROM numbers(100000)")
		n := 0
		if err == nil {
			for rows.Next() {
				n++
			}
			err = rows.Err()
			_ = rows.Close()
		}
		if codeOf(err) != 395 || !strings.Contains(err.Error(), "too far") {
			t.Errorf("%s: after %d rows: %v", name, n, err)
		}
		if n == 0 || n > 50000 {
			t.Errorf("%s: %d rows came before the error", name, n)
		}
	}
}

// TestSettingsDoNotLeak uses one session, so that a request meets what the
// one before it left.
func TestSettingsDoNotLeak(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.Connections = 1
	e := startEngine(t, options)
	conn := connect(t, e)
	const current = "SELECT toString(tuple(getSetting('max_block_size'), getSetting('max_memory_usage'), getSetting('insert_deduplication_token'), currentDatabase(), startsWith(getSetting('log_comment'), 'sealwatch-session')))"
	before := queryOne[string](t, conn, current)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
		"max_block_size": 77, "max_memory_usage": 123456789, "insert_deduplication_token": `a'\b`, "log_comment": "mine",
	}))
	var during string
	if err := conn.QueryRow(ctx, current).Scan(&during); err != nil {
		t.Fatal(err)
	}
	if want := `(77,123456789,'a\'\\b','default',1)`; during != want {
		t.Errorf("with settings: %s, want %s", during, want)
	}
	mustExec(t, conn, "SET max_block_size = 5")
	mustExec(t, conn, "CREATE DATABASE other")
	mustExec(t, conn, "USE other")
	mustExec(t, conn, "CREATE TEMPORARY TABLE temporary (a UInt8) ENGINE = Memory")
	if after := queryOne[string](t, conn, current); after != before {
		t.Errorf("settings leaked: %s, before %s", after, before)
	}
	if err := conn.Exec(t.Context(), "SELECT * FROM temporary"); codeOf(err) != 60 {
		t.Errorf("a temporary table outlived its request: %v", err)
	}
	in := connectAs(t, e, e.User(), e.Password(), "other")
	if got := queryOne[string](t, in, "SELECT currentDatabase()"); got != "other" {
		t.Errorf("database of the request: %s", got)
	}
}

// TestQueriesRunInParallel compares eight sleeping queries one after the other
// with the same eight at once. Sleeping needs no processor, but to begin does:
// the naps are long beside that, so that the ratio does not depend on the load.
func TestQueriesRunInParallel(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	const n = 8
	nap := func() {
		if err := conn.Exec(t.Context(), "SELECT sleep(0.5)"); err != nil {
			t.Error(err)
		}
	}
	started := time.Now()
	for range n {
		nap()
	}
	serial := time.Since(started)
	started = time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(nap)
	}
	all.Wait()
	if together := time.Since(started); together*3 > serial {
		t.Errorf("%d queries took %v one by one and %v together", n, serial, together)
	}
}

// waitFor polls until the condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestCancelledQueryStops cancels queries of three kinds: one that returns
// nothing until its end, one that streams, one whose result is not streamed.
func TestCancelledQueryStops(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	for name, sql := range map[string]string{
		"aggregates": "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) AND 'victim' = 'victim'",
		"streams":    "SELECT number, 'victim' FROM numbers(1000000000000)",
		"whole":      "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) AND 'victim' = 'victim' FORMAT JSON",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			rows, err := conn.Query(ctx, sql)
			if err == nil {
				for rows.Next() {
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			done <- err
		}()
		running := func() uint64 {
			return queryOne[uint64](t, conn, "SELECT count() FROM system.processes WHERE query LIKE '%victim%' AND query NOT LIKE '%system.processes%'")
		}
		waitFor(t, name+" runs", func() bool { return running() == 1 })
		cancel()
		if err := <-done; err == nil {
			t.Errorf("%s: a cancelled query returned without an error", name)
		}
		waitFor(t, name+" has left the engine", func() bool { return running() == 0 })
	}
}

func TestTimeAndMemoryLimits(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.QueryTimeout = time.Second
	e := startEngine(t, options)
	conn := connect(t, e)
	if err := conn.Exec(t.Context(), "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"); codeOf(err) != 159 {
		t.Errorf("endless query: %v", err)
	}
	longer := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 60}))
	if err := conn.Exec(longer, "SELECT length(groupArray(number)) FROM numbers(10000000000)"); codeOf(err) != 241 {
		t.Errorf("query without bounds: %v", err)
	}
	if got := queryOne[uint8](t, conn, "SELECT 1"); got != 1 {
		t.Error("the engine does not answer after that")
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.Connections, options.MaxQueue = 1, 1
	e := startEngine(t, options)
	conn := connect(t, e)
	results := make(chan error, 6)
	for range cap(results) {
		go func() { results <- conn.Exec(t.Context(), "SELECT sleep(0.5)") }()
	}
	refused := 0
	for range cap(results) {
		if err := <-results; codeOf(err) == 202 {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused == 0 || refused > cap(results)-2 {
		t.Errorf("%d of %d requests were refused", refused, cap(results))
	}
}

// TestEveryCore: a query of an engine with little memory is not left to one thread.
func TestEveryCore(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one core")
	}
	conn := connect(t, useShared(t))
	pipeline := queryOne[string](t, conn, "SELECT arrayStringConcat(groupArray(explain), '\n') FROM (EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100000000))")
	if want := fmt.Sprintf("NumbersRange × %d", runtime.NumCPU()); !strings.Contains(pipeline, want) {
		t.Errorf("expected %q in the pipeline:\n%s", want, pipeline)
	}
}
