package embedded

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// TestPlainHTTP uses the engine as curl would.
func TestPlainHTTP(t *testing.T) {
	e := useShared(t)
	run := func(sql string, arguments url.Values) string {
		t.Helper()
		status, body := post(t, e, e.User(), e.Password(), sql, arguments)
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", sql, status, body)
		}
		return body
	}
	run("CREATE DATABASE plain", nil)
	run("CREATE TABLE plain.t (a UInt8, b String DEFAULT 'none') ENGINE = MergeTree ORDER BY a", nil)
	run("INSERT INTO plain.t FORMAT JSONEachRow\n{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2}\n", nil)
	run("3,c\n4,d\n", url.Values{"query": {"INSERT INTO plain.t (a, b) FORMAT CSV"}})
	run("", url.Values{"query": {"INSERT INTO plain.t VALUES (5, 'e'), (6, 'f;g')"}})
	run("(7, 'h')", url.Values{"query": {"INSERT INTO plain.t VALUES"}})
	run("INSERT INTO plain.t (a) SELECT 8", nil)
	run("INSERT INTO plain.t SETTINGS max_insert_block_size = 10 FORMAT TSV\n9\ti\n", nil)
	if got := run("SELECT groupArray((a, b)) FROM (SELECT * FROM plain.t ORDER BY a)", nil); got != "[(1,'x'),(2,'none'),(3,'c'),(4,'d'),(5,'e'),(6,'f;g'),(7,'h'),(8,'none'),(9,'i')]\n" {
		t.Errorf("rows: %s", got)
	}
	var document struct {
		Rows int
		Data []struct{ Number uint64 }
	}
	if err := json.Unmarshal([]byte(run("SELECT toUInt32(number) AS number FROM numbers(200000) FORMAT JSON", nil)), &document); err != nil || document.Rows != 200000 || len(document.Data) != 200000 {
		t.Errorf("JSON: %v, %d rows", err, document.Rows)
	}
	if got := run("SELECT number, 1 AS x FROM numbers(70000) FORMAT CSVWithNames", nil); strings.Count(got, "\"x\"") != 1 || strings.Count(got, "\n") != 70001 {
		t.Errorf("CSVWithNames: %d lines, %d headers", strings.Count(got, "\n"), strings.Count(got, "\"x\""))
	}
	if got := run("SELECT 1", url.Values{"default_format": {"JSONEachRow"}}); got != "{\"1\":1}\n" {
		t.Errorf("default_format: %q", got)
	}
	if got := run("SELECT {x:String} -- comment", url.Values{"param_x": {"a b"}}); got != "a b\n" {
		t.Errorf("parameter: %q", got)
	}
	if got := run("SHOW TABLES FROM plain", nil) + run("EXISTS TABLE plain.t", nil) + run("EXPLAIN SYNTAX SELECT 1", nil); got != "t\n1\nSELECT 1\nFROM system.one\n" {
		t.Errorf("statements that are not streamed: %q", got)
	}
}

func TestWaysToAuthenticate(t *testing.T) {
	e := useShared(t)
	get := func(path string, change func(*http.Request)) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(e.URL(), "/")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(request)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	nothing := func(*http.Request) {}
	for path, want := range map[string]string{
		"/ping": "Ok.\n", "/": "Ok.\n",
		"/?query=SELECT+1&user=sealwatch&password=" + e.Password(): "1\n",
	} {
		if status, body := get(path, nothing); status != 200 || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	if _, body := get("/?query=SELECT+2", func(r *http.Request) {
		r.Header.Set("X-ClickHouse-User", UserReader)
		r.Header.Set("X-ClickHouse-Key", e.ReaderPassword())
	}); body != "2\n" {
		t.Errorf("by headers: %q", body)
	}
	for name, change := range map[string]func(*http.Request){
		"nobody":               nothing,
		"no password":          func(r *http.Request) { r.SetBasicAuth(UserFull, "") },
		"the other's password": func(r *http.Request) { r.SetBasicAuth(UserFull, e.ReaderPassword()) },
		"default":              func(r *http.Request) { r.SetBasicAuth("default", "") },
	} {
		if status, body := get("/?query=SELECT+1", change); status != 401 || !strings.Contains(body, "Code: 516") {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
	full := func(r *http.Request) { r.SetBasicAuth(UserFull, e.Password()) }
	if status, body := get("/?query=CREATE+DATABASE+x", full); status != 403 {
		t.Errorf("GET may write: %d %q", status, body)
	}
	if status, _ := get("/other", full); status != 404 {
		t.Errorf("unknown path: %d", status)
	}
}

// TestTornInsert breaks an insert's body off, at a row's end and after it, as
// chunks and with a length.
func TestTornInsert(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	mustExec(t, conn, "CREATE DATABASE torn")
	mustExec(t, conn, "CREATE TABLE torn.t (a UInt64) ENGINE = MergeTree ORDER BY a")
	head := func(encoding string, body []byte, cut int) string {
		return fmt.Sprintf("Connection: close\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", encoding, len(body)-cut, body[:len(body)-cut])
	}
	rows := bytes.Repeat([]byte("1\n2\n3\n"), 10000)
	blocks := compress.NewWriter(compress.LevelZero, compress.LZ4)
	if err := blocks.Compress(rows); err != nil {
		t.Fatal(err)
	}
	block := slices.Clone(blocks.Data)
	requests := map[string]string{
		"chunked":             "Transfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n",
		"length":              "Content-Length: 100\r\n\r\n1\n2\n",
		"block without a row": head("identity", append(block, block[:25]...), 0),
		"torn block":          head("identity", append(block, block...), 10),
	}
	for encoding, writer := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd":    func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
	} {
		var packed bytes.Buffer
		w := writer(&packed)
		_, _ = w.Write(rows)
		_ = w.Close()
		requests[encoding+" without its end"] = head(encoding, packed.Bytes(), 1)
		requests[encoding+" in half"] = head(encoding, packed.Bytes(), packed.Len()/2)
	}
	for name, request := range requests {
		decompress := ""
		if strings.Contains(name, "block") {
			decompress = "&decompress=1"
		}
		socket, err := net.Dial("tcp", e.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(socket, "POST /?query=INSERT+INTO+torn.t+FORMAT+TSV%s HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: %s\r\nX-ClickHouse-Key: %s\r\n%s",
			decompress, e.User(), e.Password(), request)
		code := "Code: 33." // the body is torn
		if !strings.Contains(request, "Connection: close") {
			_ = socket.(*net.TCPConn).CloseWrite()
			code = "Code: 394." // the client is gone
		}
		_ = socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		answer, _ := io.ReadAll(socket)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 5") || !strings.Contains(string(answer), code) {
			t.Errorf("%s: a torn insert got this answer: %s", name, answer)
		}
		_ = socket.Close()
	}
	if n := queryOne[uint64](t, conn, "SELECT count() FROM torn.t"); n != 0 {
		t.Errorf("%d rows of torn inserts were stored", n)
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.MaxBodyBytes = 1 << 20
	e := startEngine(t, options)
	mustExec(t, connect(t, e), "CREATE DATABASE d")
	mustExec(t, connect(t, e), "CREATE TABLE d.t (s String) ENGINE = Null")
	insert := url.Values{"query": {"INSERT INTO d.t FORMAT LineAsString"}}
	if status, body := post(t, e, e.User(), e.Password(), strings.Repeat("x", 1<<20+1), insert); status != 413 {
		t.Errorf("large body: %d %q", status, body)
	}
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	_, _ = writer.Write(make([]byte, 8<<20))
	_ = writer.Close()
	for encoding, want := range map[string]int{"gzip": 413, "lz4": 500} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL()+"?"+insert.Encode(), bytes.NewReader(bomb.Bytes()))
		request.SetBasicAuth(e.User(), e.Password())
		request.Header.Set("Content-Encoding", encoding)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", encoding, response.StatusCode, want)
		}
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL(), strings.NewReader("--x\r\n"))
	request.SetBasicAuth(e.User(), e.Password())
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 501 {
		t.Errorf("external tables: %d", response.StatusCode)
	}
}

// TestNativeRevisions reads the same blocks as clients of several ages, with
// clickhouse-go's decoder.
func TestNativeRevisions(t *testing.T) {
	e := useShared(t)
	sql := `SELECT number, toLowCardinality(toString(number % 5)) AS low, [toLowCardinality('a'), ''] AS lows, map('k', [number]) AS m,
		CAST((number, 'x'), 'Tuple(a UInt64, b Nullable(String))') AS tup, CAST(NULL, 'Nullable(UInt8)') AS nil, toDecimal64(1.5, 4) AS dec,
		CAST([], 'Array(Array(LowCardinality(Nullable(String))))') AS empty, toIntervalDay(1) AS i FROM numbers(30000) SETTINGS max_block_size = 20000`
	for _, revision := range []int{0, 54405, 54453, 54454, 54460, 99999} {
		_, body := post(t, e, e.User(), e.Password(), sql, url.Values{"default_format": {"Native"}, "client_protocol_version": {fmt.Sprint(revision)}})
		reader := chproto.NewReader(strings.NewReader(body))
		rows := 0
		for rows < 30000 {
			block := proto.Block{ServerContext: &column.ServerContext{Timezone: time.UTC}}
			if err := block.Decode(reader, uint64(min(revision, revisionServed))); err != nil {
				t.Errorf("revision %d, after %d rows: %v", revision, rows, err)
				break
			}
			if got, want := fmt.Sprint(block.Columns[1].Row(block.Rows()-1, false)), fmt.Sprint((rows+block.Rows()-1)%5); got != want {
				t.Errorf("revision %d: last value of the block is %s, want %s", revision, got, want)
			}
			rows += block.Rows()
		}
	}
	_, body := post(t, e, e.User(), e.Password(), `SELECT 'v', CAST('{"a":1}', 'JSON')`, url.Values{"default_format": {"Native"}, "client_protocol_version": {"54460"}})
	if !strings.Contains(body, "Code: 50") || !strings.Contains(body, "toJSONString") {
		t.Errorf("a type without a known layout: %q", body)
	}
}
