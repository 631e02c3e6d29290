package embedded

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func readerOptions(t *testing.T) Options {
	options := testOptions(t)
	options.Reader = ReaderLimits{MaxExecutionTime: 2 * time.Second, MaxMemory: 100 << 20, MaxResultRows: 1000, MaxResultBytes: 10 << 20, Concurrency: 2}
	return options
}

// TestReaderWorks uses the reader as a person with an ordinary client does.
func TestReaderWorks(t *testing.T) {
	e := useShared(t)
	full := connect(t, e)
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS sealwatch",
		"CREATE TABLE sealwatch.events (id UInt64, file String, day DateTime64(3)) ENGINE = MergeTree ORDER BY id",
		"INSERT INTO sealwatch.events SELECT number, 'f' || toString(number), now64(3) FROM numbers(100)",
		"CREATE VIEW sealwatch.v AS SELECT id FROM sealwatch.events WHERE id >= {least:UInt64}",
		"CREATE DICTIONARY sealwatch.names (id UInt64, file String) PRIMARY KEY id SOURCE(CLICKHOUSE(host '127.0.0.1' db 'sealwatch' table 'events')) LAYOUT(HASHED()) LIFETIME(0)",
		"CREATE FUNCTION doubled AS (x) -> x * 2",
	} {
		mustExec(t, full, sql)
	}
	reader := connectAs(t, e, UserReader, e.ReaderPassword(), "sealwatch")
	for sql, want := range map[string]string{
		"SELECT toString(count()) FROM events":                                                              "100",
		"SELECT toString(count()) FROM v(least = {n:UInt64})":                                               "10",
		"SELECT events.file FROM events WHERE id = 7":                                                       "f7",
		"WITH 3 AS x SELECT concat('url(', toString(x), ')') -- file('x')":                                  "url(3)",
		"SELECT dictGet('sealwatch.names', 'file', toUInt64(8))":                                            "f8",
		"SELECT toString(doubled(21))":                                                                      "42",
		"SELECT name FROM system.columns WHERE table = 'events' AND database = 'sealwatch' AND name = 'id'": "id",
		"SELECT toString(max(r)) FROM (SELECT row_number() OVER (ORDER BY id) AS r FROM events)":            "100",
		"SELECT domain('https://u@example.com/x')":                                                          "example.com",
		"SHOW TABLES LIKE 'events'":                                                                         "events",
		"SELECT currentRoles()[1]":                                                                          "reader",
	} {
		if got := queryOne[string](t, reader, sql, clickhouse.Named("n", 90)); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // from which clickhouse-go derives max_execution_time
	defer cancel()
	if err := reader.QueryRow(ctx, "SELECT 1").Scan(new(uint8)); err != nil {
		t.Errorf("with a deadline: %v", err)
	}
	for _, sql := range []string{"SELECT count() FROM numbers(10) FORMAT JSON", "DESCRIBE events", "EXPLAIN ESTIMATE SELECT * FROM events", "SHOW CREATE TABLE events"} {
		if status, body := post(t, e, UserReader, e.ReaderPassword(), sql, url.Values{"database": {"sealwatch"}, "output_format_json_quote_64bit_integers": {"1"}, "max_result_rows": {"100"}}); status != 200 {
			t.Errorf("%s: %d %s", sql, status, body)
		}
	}
}

// TestReaderSeesTheSame compares the answers to both users: the reader's
// statement runs as the engine prints it, and no name or value may differ.
func TestReaderSeesTheSame(t *testing.T) {
	e := useShared(t)
	mustExec(t, connect(t, e), "CREATE DATABASE IF NOT EXISTS sealwatch")
	for _, sql := range []string{
		"select 1+1, count(), -1.50, 'it''s', \"x y\", x.1 AS a, [1,2][1], NULL IS NULL from (select 7 as `x y`, (1, 'b') as x) group by all -- end",
		"SELECT * EXCEPT (b) REPLACE (a + 1 AS a) APPLY toString FROM (SELECT 1 AS a, 2 AS b, 3 AS c)",
		"SELECT COLUMNS('^a') APPLY(x -> x * 2) FROM (SELECT 1 AS a1, 2 AS a2)",
		"SELECT arrayMap((x, y) -> x ? y : 0, [1, 0], [2, 3]), CASE WHEN 1 THEN 'a' ELSE 'b' END, 5 BETWEEN 1 AND 9, 'a' LIKE '%', x::UInt8 FROM (SELECT '1' AS x)",
		"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n, sum(n) OVER w FROM r WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
		"SELECT toStartOfHour(toDateTime('2026-08-01 12:34:56', 'UTC')) + INTERVAL 1 DAY, {n:UInt8}, {s:String} LIMIT 1 BY 1 FORMAT JSONCompact",
		"SELECT number % 3 AS k, quantile(0.9)(number), uniqExactIf(number, number > 2) FROM numbers(10) GROUP BY k WITH TOTALS HAVING count() > 1 ORDER BY k DESC NULLS LAST LIMIT 2, 1",
		"SELECT a FROM (SELECT 1 AS a) AS t ANY LEFT JOIN (SELECT 1 AS a, 2 AS b) AS u USING (a) ARRAY JOIN [1, 2] AS z QUALIFY row_number() OVER (ORDER BY z) = 1",
		"SELECT 'a\\n\\t\\\\\\'b' AS `a``b`, $$here; 'doc'$$, 0x1F, 1e3, '\u00e9', map('k', 1)['k'], tuple(1, 'a').2, toJSONString((1 AS q, 2 AS r)) FORMAT JSON",
		"SELECT 1 UNION DISTINCT SELECT 1 EXCEPT SELECT 2", "EXPLAIN AST SELECT 1", "SELECT 1 AS EXPLAIN, EXPLAIN + 1", "DESCRIBE (SELECT 1 AS a)", "(SELECT 1)",
	} {
		arguments := url.Values{"default_format": {"JSONCompactEachRowWithNamesAndTypes"}, "param_n": {"7"}, "param_s": {"a'b"}, "output_format_write_statistics": {"0"}}
		status, want := post(t, e, e.User(), e.Password(), sql, arguments)
		if status != 200 {
			t.Errorf("%s: %d %s", sql, status, want)
		}
		if _, got := post(t, e, UserReader, e.ReaderPassword(), sql, arguments); got != want {
			t.Errorf("%s\ngave the reader %s\nand the full user %s", sql, got, want)
		}
	}
}

// TestPrintedTwice holds the statements of this repository, which people copy
// into their own, to what the reader is held to: printed again, they are the
// same.
func TestPrintedTwice(t *testing.T) {
	conn := connect(t, useShared(t))
	var files []string
	for _, pattern := range []string{"../queries/*.sql", "../../../analytics/detections/*/query.sql"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		sql, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Some change data, and some are frames around a detection's query or a filter.
		if !slices.Contains(readerStatements, firstWord(string(sql))) || strings.Contains(string(sql), "/* detection */") || strings.Contains(string(sql), "/* selected */") {
			continue
		}
		const again = "SELECT formatQuerySingleLine({sql:String}) AS once, formatQuerySingleLine(once)"
		var once, twice string
		if err := conn.QueryRow(t.Context(), again, clickhouse.Named("sql", string(sql))).Scan(&once, &twice); err != nil || once != twice {
			t.Errorf("%s: %v\nonce  %s\ntwice %s", file, err, once, twice)
		}
	}
}

// TestReaderTimeLimit: the time after which a query is killed is the reader's
// limit, whatever he asks for.
func TestReaderTimeLimit(t *testing.T) {
	for wish, want := range map[string]time.Duration{"": 30 * time.Second, "5": 5 * time.Second, "99999": 30 * time.Second, "0": 30 * time.Second} {
		wanted := map[string]string{}
		if wish != "" {
			wanted["max_execution_time"] = wish
		}
		applied, err := readerSettings(map[string]uint64{"max_execution_time": 30}, wanted)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&session{applied: applied}).timeLimit(); got != want {
			t.Errorf("with max_execution_time=%s: %v, want %v", wish, got, want)
		}
	}
}

func TestReaderIsLimited(t *testing.T) {
	e := useShared(t)
	mustExec(t, connect(t, e), "CREATE DATABASE IF NOT EXISTS sealwatch")
	for _, c := range []struct {
		sql, setting, value string
		code                int
	}{
		{sql: "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", code: 159},
		{sql: "SELECT sum(sleepEachRow(1)) FROM numbers(100) SETTINGS max_block_size = 1", code: 164},
		{sql: "SELECT * FROM generateRandom('s String', 1, 100000) LIMIT 1000000", code: 396},
		{sql: "SELECT length(groupArray(number)) FROM numbers(1000000000)", code: 241},
		{sql: "SELECT repeat('x', 1000000000)", code: 241},
		{sql: "SELECT number FROM numbers(1001)", code: 396},
		{sql: "SELECT number FROM numbers(1001) FORMAT JSON", code: 396},
		{sql: "SELECT number FROM numbers(11)", setting: "max_result_rows", value: "10", code: 396},
		{sql: "SELECT number FROM numbers(1001)", setting: "max_result_rows", value: "0", code: 396},
		{sql: "SELECT number FROM numbers(1001)", setting: "max_result_rows", value: "1000000", code: 396},
		{sql: "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", setting: "max_execution_time", value: "99999", code: 159},
		{sql: "SELECT 1", setting: "max_result_rows", value: "1 OR 1", code: 36},
		{sql: "SELECT 1", setting: "readonly", value: "0", code: 164},
		{sql: "SELECT 1", setting: "allow_experimental_eval_table_function", value: "1", code: 164},
		{sql: "SELECT 1", setting: "allow_introspection_functions", value: "1", code: 164},
		{sql: "SELECT 1", setting: "output_format_json_quote_64bit_integers", value: "1', readonly = '0", code: 467},
		{sql: "SELECT 1", setting: "bad name", value: "1", code: 115},
	} {
		arguments := url.Values{}
		if c.setting != "" {
			arguments.Set(c.setting, c.value)
		}
		started := time.Now()
		status, body := post(t, e, UserReader, e.ReaderPassword(), c.sql, arguments)
		if !strings.Contains(body, fmt.Sprintf("Code: %d.", c.code)) {
			t.Errorf("%s with %s=%s: %d %.300q, want code %d", c.sql, c.setting, c.value, status, body, c.code)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s took %v", c.sql, took)
		}
	}
	if e.Restarts() != 0 {
		t.Errorf("the engine died: %s", e.Status().LastError)
	}
}

// TestReaderCannotCrowdOut fills the reader's places; the full user goes on.
func TestReaderCannotCrowdOut(t *testing.T) {
	options := readerOptions(t)
	options.MaxQueue = 1
	e := startEngine(t, options)
	reader := connectAs(t, e, UserReader, e.ReaderPassword(), "")
	results := make(chan error, 8)
	for range cap(results) {
		go func() { results <- reader.Exec(t.Context(), "SELECT sleep(1)") }()
	}
	conn := connect(t, e)
	started := time.Now()
	mustExec(t, conn, "SELECT 1")
	if took := time.Since(started); took > time.Second {
		t.Errorf("the full user waited %v", took)
	}
	refused := 0
	for range cap(results) {
		if err := <-results; codeOf(err) == 202 {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused == 0 {
		t.Error("the reader's queue has no end")
	}
}
