package embedded

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// bait is what hostile statements try to reach: a file outside the data
// directory, the operator's file inside it, a variable of the parent's
// environment, and a port of this machine.
type bait struct {
	secret      string
	directory   string
	file        string
	port        string
	connections atomic.Int64
}

func newBait(t *testing.T) *bait {
	t.Helper()
	b := &bait{secret: newPassword(), directory: t.TempDir()}
	b.file = filepath.Join(b.directory, "secret.csv")
	if err := os.WriteFile(b.file, []byte(b.secret+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEALWATCH_TEST_SECRET", b.secret)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, b.port, _ = net.SplitHostPort(listener.Addr().String())
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.connections.Add(1)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n"+b.secret)
			_ = conn.Close()
		}
	}()
	return b
}

// statements are attempts to get at the bait. In them %FILE% is the
// secret file, %DIR% its directory, %PORT% the listener, %DATA% the engine's
// directory and %PARENT% this process.
func (b *bait) statements(e *Engine) []string {
	replace := strings.NewReplacer("%FILE%", b.file, "%DIR%", b.directory, "%PORT%", b.port, "%DATA%", e.options.DataDir, "%PARENT%", fmt.Sprint(os.Getpid()))
	var out []string
	for _, s := range hostileStatements {
		out = append(out, replace.Replace(s))
	}
	return out
}

var hostileStatements = []string{
	// Files, by functions.
	"SELECT file('%FILE%')", "SELECT `file`('%FILE%')", "SELECT \"file\"('%FILE%')", "SELECT `fi\\x6ce`('%FILE%')", "SELECT/**/file/* */('%FILE%')",
	"SELECT file('../../../../../../../../%FILE%')", "SELECT * APPLY file FROM (SELECT '%FILE%')", "SELECT * APPLY(file) FROM (SELECT '%FILE%')",
	"SELECT arrayMap(file, ['%FILE%'])", "SELECT arrayMap(x -> file(x), ['%FILE%'])", "SELECT '%FILE%' AS x, file(x, 'default')",
	"WITH file('%FILE%') AS x SELECT x", "SELECT (SELECT file('%FILE%'))", "SELECT 1 WHERE file('%FILE%') LIKE '%'", "EXPLAIN SELECT file('%FILE%')",
	"SELECT file('%DATA%/engine.json')", "SELECT file('%DATA%/config/users.xml')", "SELECT file('%DATA%/clickhouse/status')", "SELECT file('/proc/self/environ')",
	"SELECT file('/proc/%PARENT%/environ')", "SELECT file('/proc/1/environ')", "SELECT file('/etc/passwd')", "file('%FILE%')", "SELECT 1 + file('%FILE%')",
	"SELECT catboostEvaluate('%FILE%', 1)", "SELECT * FROM eval('SELECT file(''%FILE%'')')",
	// Files, by table functions, engines and names.
	"SELECT * FROM file('%FILE%', LineAsString)", "SELECT * FROM file('%DIR%/*', 'LineAsString', 'l String')", "DESCRIBE file('%FILE%')", "DESCRIBE TABLE file('%FILE%', CSV)",
	"SELECT * FROM `%FILE%`", "SELECT * FROM '%FILE%'", "SELECT * FROM default.`%FILE%`", "SHOW CREATE TABLE default.`%FILE%`", "EXISTS TABLE default.`%FILE%`",
	"SELECT * FROM filesystem('%DIR%')", "SELECT * FROM fileCluster('default', '%FILE%', 'LineAsString')",
	"SELECT * FROM sqlite('%FILE%', 't')", "SELECT * FROM executable('/bin/cat %FILE%', LineAsString, 'l String')",
	"SELECT * FROM icebergLocal('%DIR%')", "SELECT * FROM deltaLakeLocal('%DIR%')", "SELECT * FROM paimonLocal('%DIR%')",
	"SELECT * FROM merge('default', 'secret')", "SELECT * FROM loop(file('%FILE%', LineAsString)) LIMIT 1", "SELECT * FROM view(SELECT file('%FILE%'))",
	"SELECT * FROM viewIfPermitted(SELECT file('%FILE%') AS f ELSE null('f String'))", "SELECT * FROM format(LineAsString, file('%FILE%'))",
	"SELECT * FROM fuzzQuery('SELECT 1') LIMIT 1", "SELECT * FROM arrowstream('x')",
	"SELECT 1 INTO OUTFILE '%DIR%/out'", "SELECT 1 INTO/**/OUTFILE '%DIR%/out' TRUNCATE FORMAT TSV", "INSERT INTO sealwatch.t FROM INFILE '%FILE%' FORMAT LineAsString",
	"INSERT INTO FUNCTION file('%DIR%/out', TSV, 'a UInt8') VALUES (1)", "INSERT INTO TABLE FUNCTION file('%DIR%/out', TSV, 'a UInt8') SELECT 1",
	"CREATE TABLE sealwatch.f (l String) ENGINE = File(LineAsString, '%FILE%')", "CREATE TABLE sealwatch.r (k UInt8) ENGINE = EmbeddedRocksDB(0, '%DIR%/rocks') PRIMARY KEY k",
	"CREATE TABLE sealwatch.sq (a UInt8) ENGINE = SQLite('%FILE%', 't')", "CREATE TABLE sealwatch.e (l String) ENGINE = Executable('cat', LineAsString)",
	"ATTACH TABLE sealwatch.a FROM '%DIR%' (a UInt8) ENGINE = MergeTree ORDER BY a", "CREATE DATABASE fs ENGINE = Filesystem('%DIR%')", "CREATE DATABASE sq ENGINE = SQLite('%FILE%')",
	"CREATE TABLE sealwatch.d (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '%DIR%/')",
	"CREATE DICTIONARY sealwatch.df (l String) PRIMARY KEY l SOURCE(FILE(path '%FILE%' format 'LineAsString')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
	"CREATE DICTIONARY sealwatch.dx (l String) PRIMARY KEY l SOURCE(EXECUTABLE(command 'cat %FILE%' format 'LineAsString')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
	"CREATE DICTIONARY sealwatch.dl (l String) PRIMARY KEY l SOURCE(LIBRARY(path '%FILE%')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
	"BACKUP DATABASE sealwatch TO File('%DIR%/backup')", "RESTORE DATABASE sealwatch FROM File('%DIR%/backup')",
	"CREATE FUNCTION steal AS (x) -> file(x)", "CREATE VIEW sealwatch.steal AS SELECT file('%FILE%')",
	"ALTER TABLE sealwatch.t UPDATE a = length(file('%FILE%')) WHERE 1", "ALTER TABLE sealwatch.t FREEZE",
	// The network.
	"SELECT * FROM url('http://127.0.0.1:%PORT%/', LineAsString)", "SELECT * FROM urlCluster('default', 'http://127.0.0.1:%PORT%/', LineAsString, 'l String')",
	"SELECT * FROM s3('http://127.0.0.1:%PORT%/bucket/key', NOSIGN, LineAsString)", "SELECT * FROM gcs('http://127.0.0.1:%PORT%/bucket/key', LineAsString)", "SELECT * FROM hdfs('hdfs://127.0.0.1:%PORT%/x', LineAsString, 'l String')",
	"SELECT * FROM remote('127.0.0.1:%PORT%', system.one)", "SELECT * FROM remoteSecure('127.0.0.1:%PORT%', system.one)", "SELECT * FROM cluster('default', system.one)",
	"SELECT * FROM mysql('127.0.0.1:%PORT%', 'd', 't', 'u', 'p')", "SELECT * FROM postgresql('127.0.0.1:%PORT%', 'd', 't', 'u', 'p')",
	"SELECT * FROM mongodb('127.0.0.1:%PORT%', 'd', 't', 'u', 'p', 'a UInt8')", "SELECT * FROM redis('127.0.0.1:%PORT%', 'k', 'k String')",
	"SELECT * FROM odbc('DSN=x', 'd', 't')", "SELECT * FROM jdbc('x', 'd', 't')", "SELECT * FROM azureBlobStorage('http://127.0.0.1:%PORT%', 'c', 'b', 'a', 'a2V5', 'CSV', 'auto', 'l String')",
	"SELECT * FROM iceberg('http://127.0.0.1:%PORT%/bucket/key')", "SELECT * FROM deltaLake('http://127.0.0.1:%PORT%/bucket/key')", "SELECT * FROM hudi('http://127.0.0.1:%PORT%/bucket/key')",
	"SELECT * FROM ytsaurus('http://127.0.0.1:%PORT%', '//t', 'token', 'a UInt8')",
	"SELECT aiGenerate('c', 'p')", "SELECT aiEmbed('c', 'p')", "SELECT reverseDNSQuery('127.0.0.1')",
	"CREATE TABLE sealwatch.u (l String) ENGINE = URL('http://127.0.0.1:%PORT%/', LineAsString)", "CREATE DATABASE my ENGINE = MySQL('127.0.0.1:%PORT%', 'd', 'u', 'p')",
	"CREATE TABLE sealwatch.k (l String) ENGINE = Kafka('127.0.0.1:%PORT%', 't', 'g', 'LineAsString')",
	"CREATE DICTIONARY sealwatch.dh (l String) PRIMARY KEY l SOURCE(HTTP(url 'http://127.0.0.1:%PORT%/' format 'LineAsString')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
	"CREATE DICTIONARY sealwatch.dc (l String) PRIMARY KEY l SOURCE(CLICKHOUSE(host '127.0.0.1' port %PORT% table 'one' db 'system')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)",
	"INSERT INTO FUNCTION url('http://127.0.0.1:%PORT%/', TSV, 'a UInt8') VALUES (1)",
	// What the statements above may have made.
	"SELECT * FROM sealwatch.f", "SELECT * FROM sealwatch.e", "SELECT * FROM fs.`secret.csv`", "SELECT steal('%FILE%')", "SELECT * FROM sealwatch.u", "SELECT * FROM sealwatch.df",
	"SELECT * FROM sealwatch.dx", "SELECT * FROM sealwatch.dl", "SELECT * FROM sealwatch.dh", "SELECT * FROM sealwatch.dc", "DROP TABLE sealwatch.k",
	// Control, and getting out of the reader's limits.
	"SYSTEM SHUTDOWN", "SYSTEM FLUSH LOGS", "SYSTEM STOP MERGES", "KILL QUERY WHERE 1 SYNC", "SET ROLE owner", "SET readonly = 0", "SET max_execution_time = 0", "USE system",
	"SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS max_memory_usage = 0", "SELECT 1; SELECT file('%FILE%')", "SELECT 1;SET ROLE owner", "GRANT owner TO default",
	"CREATE USER x", "CREATE NAMED COLLECTION c AS a = 'b'", "DROP TABLE sealwatch.t", "TRUNCATE TABLE sealwatch.t", "INSERT INTO sealwatch.t VALUES (2)",
	"INSERT INTO sealwatch.t FORMAT TSV\n2\n", "CREATE TEMPORARY TABLE x (a UInt8)", "OPTIMIZE TABLE sealwatch.t", "CHECK TABLE sealwatch.t", "DELETE FROM sealwatch.t WHERE 1",
	"EXPLAIN SELECT 1", "EXPLAIN PLAN SELECT 1", "explain query tree SELECT 1", "EXPLAIN PIPELINE SELECT 1", "EXPLAIN header = 1 SELECT 1", "EXPLAIN (SELECT 1)", "EXPLAIN SYNTAX run_query_tree_passes = 1 SELECT 1",
	"EXPLAIN AST optimize = 1 SELECT 1", "SELECT count() FROM (EXPLAIN SELECT 1)", "SELECT count() FROM (/* x */ eXPLAIN indexes = 1 SELECT 1)", "SELECT (SELECT any(explain) FROM (EXPLAIN QUERY TREE SELECT 1))", "EXPLAIN AST EXPLAIN SELECT 1",
	"EXPLAIN ESTIMATE SELECT * FROM (EXPLAIN SELECT 1)", "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
	"EXPLAIN PLAN INSERT INTO sealwatch.t SELECT 1", "SELECT 1 PARALLEL WITH SELECT 2", "EXECUTE AS default SELECT 1", "SELECT * FROM hidden.t", "DESCRIBE hidden.t",
	"SELECT * FROM merge('hidden', '.*')", "SELECT * FROM mergeTreeIndex('hidden', 't')", "SHOW CREATE TABLE hidden.t", "SELECT dictGet('hidden.d', 'l', 1)", "SELECT joinGet('hidden.j', 'a', 1)",
	"SELECT hasColumnInTable('hidden', 't', 'a')", "SELECT addressToLine(1)", "SELECT demangle('x')", "SELECT * FROM system.stack_trace",
	// What others do, and how the engine is made.
	"SELECT query FROM system.processes", "SHOW PROCESSLIST", "SHOW FULL PROCESSLIST", "show/**/processlist", "SHOW USERS", "SHOW GRANTS", "SHOW SETTINGS LIKE 'max%'", "SHOW CLUSTERS", "SELECT * FROM merge(REGEXP('^system$'), 'processes')", "SELECT * FROM loop(system.processes) LIMIT 1", "SELECT * FROM loop('system', 'processes') LIMIT 1", "SELECT * FROM loop(system, processes) LIMIT 1", "SELECT * FROM merge('system', 'processes')", "SELECT * FROM merge('system', 'one')",
	"SELECT * FROM information_schema.tables", "SELECT * FROM system.contributors", "SELECT * FROM `system`.`disks`", "SELECT * FROM system.build_options", "WITH x AS (SELECT * FROM system.parts) SELECT * FROM x",
	"SELECT 1 WHERE 1 IN (SELECT 1 FROM system.errors)", "SELECT 1 IN system.formats", "EXPLAIN SELECT * FROM system.events", "SELECT joinGet('system.disks', 'a', 1)",
}

func post(t *testing.T, e *Engine, user, password, sql string, arguments url.Values) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL()+"?"+arguments.Encode(), strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, string(body) + err.Error()
	}
	return response.StatusCode, string(body)
}

// slow are functions that try for long: the first two wait half a minute for a
// bridge program that the kernel does not let them start.
var slow = []string{"odbc(", "jdbc(", "azureBlobStorage("}

// TestHostileStatements sends each attempt as both users. The reader has to
// be refused; the full user may do what he likes, and still not reach the bait.
func TestHostileStatements(t *testing.T) {
	e := startEngine(t, testOptions(t))
	full := connect(t, e)
	for _, sql := range []string{
		"CREATE DATABASE sealwatch", "CREATE TABLE sealwatch.t (a UInt8) ENGINE = MergeTree ORDER BY a", "INSERT INTO sealwatch.t VALUES (1)",
		"CREATE DATABASE hidden", "CREATE TABLE hidden.t (a String) ENGINE = MergeTree ORDER BY a",
		"CREATE TABLE hidden.j (k UInt8, a String) ENGINE = Join(ANY, LEFT, k)",
	} {
		mustExec(t, full, sql)
	}
	b := newBait(t)
	mustExec(t, full, "INSERT INTO hidden.t SELECT {s:String}", clickhouse.Named("s", b.secret))
	mustExec(t, full, "INSERT INTO hidden.j SELECT 1, {s:String}", clickhouse.Named("s", b.secret))
	t.Run("reader", func(t *testing.T) {
		for _, sql := range b.statements(e) {
			status, body := post(t, e, UserReader, e.ReaderPassword(), sql, nil)
			if strings.Contains(body, b.secret) || strings.Contains(body, e.ReaderPassword()) {
				t.Errorf("%s\nshowed the secret: %s", sql, body)
			}
			if status < 400 {
				t.Errorf("%s\nwas not refused: %d %q", sql, status, body)
			}
			t.Logf("%-90s %d %.160q", sql, status, body)
		}
	})
	t.Run("full", func(t *testing.T) {
		for _, sql := range b.statements(e) {
			if strings.Contains(sql, "hidden") || strings.HasPrefix(sql, "SYSTEM S") || slices.ContainsFunc(slow, func(name string) bool { return strings.Contains(sql, name) }) {
				continue
			}
			started := time.Now()
			status, body := post(t, e, UserFull, e.Password(), sql, nil)
			if strings.Contains(body, b.secret) || strings.Contains(body, "root:") {
				t.Errorf("%s\nshowed the secret: %s", sql, body)
			}
			t.Logf("%-90s %d %v %.160q", sql, status, time.Since(started), body)
		}
	})
	if n := b.connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	entries, err := os.ReadDir(b.directory)
	if err != nil || len(entries) != 1 {
		t.Errorf("files were made beside the secret: %v (%v)", entries, err)
	}
	if e.Restarts() != 0 {
		t.Errorf("the engine died %d times: %s", e.Restarts(), e.Status().LastError)
	}
	if content, err := os.ReadFile(b.file); err != nil || string(content) != b.secret+"\n" {
		t.Errorf("the secret was changed: %q (%v)", content, err)
	}
}
