package hunting_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// post sends a statement as curl does.
func post(t *testing.T, address, sql string, arguments url.Values, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/?"+arguments.Encode(), strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("dora", password)
	if change != nil {
		change(r)
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil && resp.StatusCode == http.StatusOK {
		return resp, string(body) + " BROKEN"
	}
	return resp, string(body)
}

func TestEndpoint(t *testing.T) {
	f := use(t)
	s := f.serve(t)
	for _, c := range []struct {
		name, sql string
		arguments url.Values
		change    func(*http.Request)
		status    int
		body      string
	}{
		{name: "a body", sql: "SELECT 1, currentDatabase(), currentRoles()[1]", status: 200, body: "1\tsealwatch\treader\n"},
		{name: "an argument", arguments: url.Values{"query": {"SELECT {x:UInt8} + 1"}, "param_x": {"2"}}, status: 200, body: "3\n"},
		{name: "GET", arguments: url.Values{"query": {"SELECT 5"}, "default_format": {"JSONEachRow"}}, change: func(r *http.Request) { r.Method, r.Body, r.ContentLength = "GET", nil, 0 }, status: 200, body: "{\"5\":5}\n"},
		{name: "headers", sql: "SELECT 1", change: func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("X-ClickHouse-User", "dora")
			r.Header.Set("X-ClickHouse-Key", password)
			r.Header.Set("X-ClickHouse-Format", "CSV")
		}, status: 200, body: "1\n"},
		{name: "a session means nothing", sql: "SELECT 1", arguments: url.Values{"session_id": {"x"}, "session_timeout": {"60"}}, status: 200, body: "1\n"},
		{name: "a setting", sql: "SELECT number FROM numbers(3)", arguments: url.Values{"limit": {"1"}}, status: 200, body: "0\n"},
		{name: "no user", sql: "SELECT 1", change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 401, body: "AUTHENTICATION_FAILED"},
		{name: "a wrong password", sql: "SELECT 1", change: func(r *http.Request) { r.SetBasicAuth("dora", f.engine.ReaderPassword()) }, status: 401, body: "AUTHENTICATION_FAILED"},
		{name: "a setting that nobody may set", sql: "SELECT 1", arguments: url.Values{"readonly": {"0"}}, status: 403, body: "cannot change the setting readonly"},
		{name: "another database", sql: "SELECT * FROM processes", arguments: url.Values{"database": {"system"}}, status: 403, body: "may not use the database system"},
		{name: "a page of another origin", sql: "SELECT 1", change: func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, status: 403, body: "another origin"},
		{name: "a page without one", sql: "SELECT 1", change: func(r *http.Request) { r.Header.Set("Origin", "null") }, status: 403, body: "another origin"},
		{name: "a picture of another page", arguments: url.Values{"query": {"SELECT 5"}}, change: func(r *http.Request) {
			r.Method, r.Body, r.ContentLength = "GET", nil, 0
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, status: 403, body: "another origin"},
		{name: "its own page", sql: "SELECT 1", change: func(r *http.Request) {
			r.Header.Set("Origin", "http://"+r.URL.Host)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, status: 200, body: "1\n"},
		{name: "nothing", status: 400, body: "no query"},
		{name: "wrong SQL", sql: "SELEC 1", status: 400, body: "failed at position 7"},
		{name: "too large", sql: "SELECT 1 -- " + strings.Repeat("x", hunting.MaxStatementBytes), status: 400, body: "larger than"},
		{name: "a limit", sql: "SELECT number FROM numbers(1000000)", status: 400, body: "max rows"},
		{name: "insert", sql: "INSERT INTO events FORMAT TSV\n1", status: 403, body: "cannot insert"},
	} {
		resp, body := post(t, s.URL, c.sql, c.arguments, c.change)
		if resp.StatusCode != c.status || c.status == 200 && body != c.body || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %.200q, want %d %q", c.name, resp.StatusCode, body, c.status, c.body)
		}
		if (resp.Header.Get("X-ClickHouse-Exception-Code") != "") != (c.status != 200) {
			t.Errorf("%s: code %q", c.name, resp.Header.Get("X-ClickHouse-Exception-Code"))
		}
	}
	for _, sql := range walls {
		if resp, body := post(t, s.URL, sql, nil, nil); resp.StatusCode < 400 {
			t.Errorf("%s: %d %q", sql, resp.StatusCode, body)
		}
	}
	resp, _ := post(t, s.URL, "SELECT user_id FROM events", url.Values{"query_id": {"mine"}}, nil)
	var summary map[string]string
	if err := json.Unmarshal([]byte(resp.Trailer.Get("X-ClickHouse-Summary")), &summary); err != nil || summary["result_rows"] != "200" || resp.Header.Get("X-ClickHouse-Query-Id") != "mine" {
		t.Errorf("summary %q, %v, header %v", resp.Trailer, err, resp.Header)
	}
	if got, want := f.audited(t, "dora"), `["clickhouse", "ok", "SELECT user_id FROM events", [], "200", ""]`; got != want {
		t.Errorf("the audit has %s, want %s", got, want)
	}
}

func TestEndpointPaths(t *testing.T) {
	s := use(t).serve(t)
	for path, want := range map[string]int{"/ping": 200, "/": 200, "/play": 404} {
		resp, err := http.Get(s.URL + path)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v %v", path, resp, err)
			continue
		}
		resp.Body.Close()
	}
	r, _ := http.NewRequest(http.MethodPut, s.URL+"/?query=x", nil)
	if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %v %v", resp, err)
	}
}

// TestEndpointPacks: an answer is packed where both ask for it.
func TestEndpointPacks(t *testing.T) {
	s := use(t).serve(t)
	for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	} {
		accept := func(r *http.Request) { r.Header.Set("Accept-Encoding", "br, "+encoding+";q=0.5") }
		resp, body := post(t, s.URL, "SELECT number FROM numbers(10000)", url.Values{"enable_http_compression": {"1"}}, accept)
		if resp.Header.Get("Content-Encoding") != encoding {
			t.Fatalf("%s: %v", encoding, resp.Header)
		}
		unpacked, err := open(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(unpacked)
		if err != nil || strings.Count(string(text), "\n") != 10000 {
			t.Errorf("%s: %d lines, %v", encoding, strings.Count(string(text), "\n"), err)
		}
		if resp, body := post(t, s.URL, "SELECT 1", nil, accept); resp.Header.Get("Content-Encoding") != "" || body != "1\n" {
			t.Errorf("%s without the argument: %q", encoding, body)
		}
		if resp, body := post(t, s.URL, "SELECT 1 +", url.Values{"enable_http_compression": {"1"}}, accept); resp.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(body, "Code: 62.") {
			t.Errorf("%s of an error: %q", encoding, body)
		}
	}
}

// TestEndpointBreaksOff: a result that fails on its way ends with ClickHouse's block and without the end of the body.
func TestEndpointBreaksOff(t *testing.T) {
	f := use(t)
	resp, body := post(t, f.serve(t).URL, "SELECT throwIf(number = 15000, 'the end') FROM numbers(16000)", url.Values{"max_block_size": {"1000"}}, nil)
	if resp.StatusCode != 200 || !strings.Contains(body, "__exception__") || !strings.Contains(body, "the end") || !strings.HasSuffix(body, "BROKEN") {
		t.Errorf("%d %.300q", resp.StatusCode, body[max(0, len(body)-300):])
	}
	if got := f.audited(t, "dora"); !strings.Contains(got, `"failed"`) || !strings.Contains(got, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, code 395") {
		t.Errorf("the audit has %s", got)
	}
}

// TestEndpointCancel: a client that goes away takes its query along.
func TestEndpointCancel(t *testing.T) {
	f := use(t)
	s := f.serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader("SELECT count() AS left_alone FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"))
		r.SetBasicAuth("gone", password)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	until(t, "the query runs", func() bool { return f.running(t, "left_alone") })
	cancel()
	<-ended
	until(t, "the query is gone", func() bool { return !f.running(t, "left_alone") })
	until(t, "the audit knows", func() bool {
		g, err := f.ask(t, huntOf("SELECT outcome FROM audit_log WHERE actor = 'gone'"))
		return err == nil && len(g.rows) == 1 && g.rows[0] == `["cancelled"]`
	})
}

// TestEndpointDriver: the driver of this repository, over HTTP and packed.
func TestEndpointDriver(t *testing.T) {
	f := use(t)
	s := f.serve(t)
	for name, method := range testkit.Compressions() {
		conn := testkit.Driver(t, strings.TrimPrefix(s.URL, "http://"), "sealwatch", "driver", password, method)
		var users uint64
		var list []string
		if err := conn.QueryRow(t.Context(), "SELECT uniqExact(user_id), arraySort(groupUniqArray(activity)) FROM events WHERE user_id != ?", "u2").Scan(&users, &list); err != nil || users != 2 || len(list) != 4 {
			t.Errorf("%s: %d %v %v", name, users, list, err)
		}
		n := 0
		rows, err := conn.Query(t.Context(), "SELECT number, toString(number) FROM numbers(15000)")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for rows.Next() {
			n++
		}
		if err := rows.Err(); err != nil || n != 15000 {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
		if err := conn.Exec(t.Context(), "DROP TABLE events"); err == nil || !strings.Contains(err.Error(), "164") {
			t.Errorf("%s: DROP: %v", name, err)
		}
		_ = rows.Close()
	}
}

func TestAccess(t *testing.T) {
	dir := t.TempDir()
	first, err := hunting.Password(dir)
	if err != nil || len(first) != 64 {
		t.Fatalf("%q, %v", first, err)
	}
	if err := hunting.WriteAccess(dir, "sealwatch", "127.0.0.1:1", first); err != nil {
		t.Fatal(err)
	}
	if again, err := hunting.Password(dir); err != nil || again != first {
		t.Errorf("the password became %q, %v", again, err)
	}
	path := filepath.Join(dir, "hunt.json")
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", s.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := hunting.Password(dir); err == nil || strings.Contains(err.Error(), first) {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(path, 0o600)
	if _, err := hunting.Password(dir); err == nil {
		t.Error("a broken file is taken")
	}
}
