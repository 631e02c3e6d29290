package hunting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

func TestQuery(t *testing.T) {
	f := use(t)
	const hostile = "'; DROP TABLE events; --\t\\"
	g, err := f.ask(t, hunt.Query{Author: "ann", Parameters: map[string]string{"x": hostile, "list": `['a\'b', 'c']`},
		SQL: "SELECT number, {x:String} AS x, {list:Array(String)}[1] AS first, 18446744073709551615 AS big, toFloat64('nan') AS nan, unhex('FF') AS bad FROM numbers(2)"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []hunt.Column{{Name: "number", Type: "UInt64"}, {Name: "x", Type: "String"}, {Name: "first", Type: "String"}, {Name: "big", Type: "UInt64"}, {Name: "nan", Type: "Float64"}, {Name: "bad", Type: "String"}}; !slices.Equal(g.columns, want) {
		t.Errorf("columns %v, want %v", g.columns, want)
	}
	if want := `["0", "'; DROP TABLE events; --\t\\", "a'b", "18446744073709551615", "nan", "` + "\uFFFD" + `"]`; len(g.rows) != 2 || g.rows[0] != want {
		t.Errorf("rows %q, want %q first", g.rows, want)
	}
	if s := g.summary; s == nil || s.Rows != 2 || s.Truncated != hunt.Whole || s.Limits != limits() {
		t.Errorf("summary %+v", s)
	}
	if got, want := f.audited(t, "ann"), `["api", "ok", "SELECT number, {x:String}`; !strings.HasPrefix(got, want) || !strings.Contains(got, `["list","x"], "2", ""]`) || strings.Contains(got, "DROP") {
		t.Errorf("the audit has %s", got)
	}
	if strings.Contains(f.log.String(), "DROP") {
		t.Error("the log has a value")
	}
}

// TestKinds: every kind of statement that a person may send, with its columns.
func TestKinds(t *testing.T) {
	f := use(t)
	for sql, want := range map[string]string{
		"WITH 1 AS x SELECT x": `[1]`, "EXPLAIN SYNTAX SELECT 1": "", "DESCRIBE events": "", "SHOW TABLES LIKE 'events'": `["events"]`, "EXISTS TABLE events": `[1]`,
		"SELECT count() FROM detect_impossible_travel_that_is_not_there": "error", "SELECT count() FROM events WHERE tenant = 'nobody'": `["0"]`, "SELECT user_id FROM events WHERE 0": "none",
		"SELECT count() FROM system.columns WHERE table = 'audit_log' AND database = 'sealwatch'": `["17"]`, "SELECT 1 FROM system.one": `[1]`,
	} {
		g, err := f.ask(t, hunt.Query{SQL: sql})
		switch {
		case want == "error":
			var e *hunt.Error
			if !errors.As(err, &e) || e.Code != 60 {
				t.Errorf("%s: %v", sql, err)
			}
		case err != nil || len(g.columns) == 0 || g.summary == nil:
			t.Errorf("%s: %+v, %v", sql, g, err)
		case want == "none" && len(g.rows) > 0, strings.HasPrefix(want, "[") && (len(g.rows) != 1 || g.rows[0] != want):
			t.Errorf("%s: %q, want %s", sql, g.rows, want)
		}
	}
}

func TestTruncation(t *testing.T) {
	f := use(t)
	for _, c := range []struct {
		rows   int
		limits hunt.Limits
		want   hunt.Truncation
		least  int
		most   int
	}{
		{10, hunt.Limits{}, hunt.Whole, 10, 10},
		{10, hunt.Limits{Rows: 10}, hunt.Whole, 10, 10},
		{11, hunt.Limits{Rows: 10}, hunt.ByRows, 10, 10},
		{maxRows + 5, hunt.Limits{Rows: 1 << 40}, hunt.ByRows, maxRows, maxRows},
		{1000, hunt.Limits{Bytes: 100}, hunt.BySize, 10, 30},
	} {
		g, err := f.ask(t, hunt.Query{Author: "ben", SQL: fmt.Sprintf("SELECT number FROM numbers(%d)", c.rows), Limits: c.limits})
		if err != nil || g.summary == nil {
			t.Errorf("%d rows: %v", c.rows, err)
			continue
		}
		if n := len(g.rows); n < c.least || n > c.most || g.summary.Truncated != c.want || int(g.summary.Rows) != n {
			t.Errorf("%d rows with %+v: %d came, %+v", c.rows, c.limits, n, g.summary)
		}
	}
	if got := f.audited(t, "ben"); !strings.HasPrefix(got, `["api", "truncated"`) {
		t.Errorf("the audit has %s", got)
	}
}

func TestErrors(t *testing.T) {
	f := use(t)
	for _, c := range []struct {
		sql    string
		limits hunt.Limits
		code   int
		line   int
		holds  func(*hunt.Error) bool
	}{
		{sql: "SELECT *\nFORM events", code: 62, line: 2},
		{sql: "SELECT nosuch", code: 47},
		{sql: "SELECT {x:String}", code: 456},
		{sql: "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", limits: hunt.Limits{Duration: time.Second}, code: 159, holds: (*hunt.Error).Limited},
		{sql: "SELECT length(groupArray(number)) FROM numbers(1000000000)", limits: hunt.Limits{Memory: 20 << 20}, code: 241, holds: (*hunt.Error).Limited},
		{sql: "SELECT count() FROM numbers(1000000) WHERE number != 3", limits: hunt.Limits{ReadRows: 10}, code: 158, holds: (*hunt.Error).Limited},
		// after the first rows have gone out
		{sql: "SELECT throwIf(number = 15000, 'the end') FROM numbers(16000)", code: 395},
	} {
		g, err := f.ask(t, hunt.Query{Author: "eve", SQL: c.sql, Limits: c.limits})
		var e *hunt.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Line != c.line || c.holds != nil && !c.holds(e) {
			t.Errorf("%s: %#v, want code %d", c.sql, err, c.code)
		}
		if g.summary != nil {
			t.Errorf("%s: a result that failed has a summary", c.sql)
		}
		if got := f.audited(t, "eve"); !strings.HasPrefix(got, `["api", "failed"`) {
			t.Errorf("%s: the audit has %s", c.sql, got)
		}
	}
	if _, err := f.ask(t, hunt.Query{SQL: "SELECT 1 FORMAT CSV"}); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("FORMAT: %v", err)
	}
}

// walls are statements that no hunt may send; TestHostileStatements of the engine has many more.
var walls = []string{
	"DROP TABLE events", "INSERT INTO events (tenant) VALUES ('x')", "SELECT 1; SELECT 2", "SET readonly = 0", "SELECT 1 SETTINGS max_execution_time = 0",
	"SELECT 1 INTO OUTFILE '/tmp/secret-word'", "SELECT file('/etc/secret-word')", "SELECT * FROM url('http://u:secret-word@127.0.0.1/', LineAsString)", "SELECT * FROM system.processes", "SHOW PROCESSLIST",
	"SELECT * FROM remote('127.0.0.1', system.one)", "KILL QUERY WHERE 1", "SYSTEM SHUTDOWN", "SELECT * FROM system.settings_profile_elements", "SELECT * FROM information_schema.columns",
}

func TestWalls(t *testing.T) {
	f := use(t)
	for _, sql := range walls {
		g, err := f.ask(t, hunt.Query{SQL: sql, Author: "mallory"})
		var e *hunt.Error
		if !errors.As(err, &e) || !e.Refused() && e.Code != 62 || len(g.rows) > 0 {
			t.Errorf("%s: %v, %v", sql, g.rows, err)
		}
		if got := f.audited(t, "mallory"); strings.Contains(got, "secret-word") {
			t.Errorf("%s: the audit keeps %s", sql, got)
		}
	}
}

// TestExplain: the plan of a view of many layers would be text without end; what the engine can say of one otherwise, it says.
func TestExplain(t *testing.T) {
	f := use(t)
	const of = " SELECT count() FROM detect_impossible_travel(from = '2026-01-01 00:00:00', to = '2026-01-02 00:00:00')"
	for kind, allowed := range map[string]bool{"EXPLAIN": false, "EXPLAIN PLAN": false, "EXPLAIN QUERY TREE": false, "EXPLAIN PIPELINE": false, "EXPLAIN SYNTAX run_query_tree_passes = 1": false, "EXPLAIN AST": true} {
		_, err := f.ask(t, hunt.Query{SQL: kind + of})
		var e *hunt.Error
		if allowed && err != nil || !allowed && (!errors.As(err, &e) || !e.Refused()) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestCancel: whoever goes away takes the query along, over the API and over HTTP.
func TestCancel(t *testing.T) {
	f := use(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
	const mark = "cancelled_one"
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	g := &got{}
	go func() {
		ended <- f.Query(ctx, hunt.Query{Author: "carl", SQL: "SELECT count() AS " + mark + " FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"}, g)
	}()
	until(t, "the query runs", func() bool { return f.running(t, mark) })
	time.Sleep(300 * time.Millisecond) // so that progress comes
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the hunt ended with %v", err)
	}
	until(t, "the query is gone", func() bool { return !f.running(t, mark) })
	if g.progress == 0 {
		t.Error("no progress came")
	}
	if got := f.audited(t, "carl"); !strings.HasPrefix(got, `["", "cancelled"`) {
		t.Errorf("the audit has %s", got)
	}
}

// TestSinkFails: an error of whoever takes the rows ends the query and comes back as it is.
func TestSinkFails(t *testing.T) {
	f, gone := use(t), errors.New("gone")
	err := f.Query(t.Context(), hunt.Query{SQL: "SELECT number FROM numbers(10000)"}, &got{fail: gone})
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// TestPlaces: as many hunts run as may; another one waits, and is told when that is in vain.
func TestPlaces(t *testing.T) {
	f := use(t)
	o := f.options()
	o.Concurrency, o.Patience = 1, 50*time.Millisecond
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- h.Query(ctx, hunt.Query{SQL: "SELECT count() AS occupied FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"}, &got{})
	}()
	until(t, "the place is taken", func() bool { return f.running(t, "occupied") })
	if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT 1"}, &got{}); !fault.Is(err, fault.TooManyHunts) {
		t.Errorf("without a place: %v", err)
	}
	cancel()
	<-ended
	if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT 1"}, &got{}); err != nil {
		t.Errorf("with a place again: %v", err)
	}
}

func TestParquet(t *testing.T) {
	f := use(t)
	g, err := f.ask(t, hunt.Query{SQL: "SELECT n.number, user_agent FROM events, numbers(2) AS n", Format: "Parquet"})
	if err != nil || g.summary == nil || g.summary.Rows != 400 {
		t.Fatalf("%+v, %v", g.summary, err)
	}
	if s := string(g.data); !strings.HasPrefix(s, "PAR1") || !strings.HasSuffix(s, "PAR1") || uint64(len(s)) != g.summary.Bytes {
		t.Errorf("%d bytes are no Parquet file", len(s))
	}
}

func TestOff(t *testing.T) {
	f := use(t)
	o := f.options()
	o.Engine, o.Off = nil, "for a reason"
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT 1"}, &got{}); !fault.Is(err, fault.HuntingOff) || !strings.Contains(err.Error(), "for a reason") {
		t.Errorf("got %v", err)
	}
}
