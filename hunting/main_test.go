package hunting_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/clickhouse/reader"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/hunt"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == testkit.ChildArgument {
		testkit.Main(m)
	}
	code := m.Run()
	if f := shared.f; f != nil {
		f.client.Close()
		_ = f.db.Close()
		_ = f.engine.Stop(context.Background())
		_ = os.RemoveAll(f.dir)
	}
	os.Exit(code)
}

const (
	tenant   = "acme"
	password = "the-password-of-the-tests"
	maxRows  = 20_000
)

// fixture is a service on an engine of its own, whose reader may see the database sealwatch; all tests share it.
type fixture struct {
	dir    string
	engine *embedded.Engine
	db     *clickhouse.DB
	client *reader.Client
	*hunting.Hunting
	log *lockedBuffer
}

var shared struct {
	once sync.Once
	f    *fixture
	err  error
}

func limits() hunt.Limits {
	return hunt.Limits{Duration: 20 * time.Second, Rows: maxRows, Bytes: 8 << 20}
}

func use(t *testing.T) *fixture {
	t.Helper()
	library, command := testkit.Library(t), testkit.Command(t)
	shared.once.Do(func() { shared.f, shared.err = open(library, command) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.f
}

// open starts the engine; its process ends with that of the tests.
func open(library string, command []string) (*fixture, error) {
	dir, err := os.MkdirTemp("", "sealwatch-hunt-")
	if err != nil {
		return nil, err
	}
	ctx, log := context.Background(), &lockedBuffer{}
	e, err := embedded.Start(ctx, embedded.Options{DataDir: dir, Library: library, Command: command, MaxMemory: 1 << 30, Logger: slog.New(slog.DiscardHandler),
		Reader: embedded.ReaderLimits{Concurrency: 4, MaxExecutionTime: 20 * time.Second, MaxResultRows: maxRows + 1, MaxResultBytes: 64 << 20}})
	if err != nil {
		return nil, err
	}
	db, err := clickhouse.Open(ctx, clickhouse.Options{Addr: e.Addr(), User: e.User(), Password: e.Password()})
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(ctx); err != nil {
		return nil, err
	}
	f := &fixture{dir: dir, engine: e, db: db, client: reader.New(e.Addr(), e.ReaderUser(), e.ReaderPassword()), log: log}
	if err := db.AddPeople(ctx, []directory.State{
		{Tenant: tenant, Source: "docusign", DirectoryID: "2", Status: "active", Emails: []string{"two@docusign.example"}, DocuSignUserIDs: []string{"u2"}},
		{Tenant: tenant, Source: "entra", DirectoryID: "2", Status: "active", Emails: []string{"two@example.com"}, DocuSignUserIDs: []string{"u2"}},
		{Tenant: tenant, Source: "entra", DirectoryID: "0", Status: "active", Emails: []string{"another@example.com"}, DocuSignUserIDs: []string{"u0"}},
	}); err != nil {
		return nil, err
	}
	f.Hunting, err = hunting.New(f.options())
	if err == nil {
		err = f.full(insertEvents)
	}
	return f, err
}

func (f *fixture) options() hunting.Options {
	return hunting.Options{Tenant: tenant, Database: "sealwatch", Engine: f.client, Store: f.db, Limits: limits(), Concurrency: 4, ProgressInterval: 50 * time.Millisecond,
		Clock: time.Now, Logger: slog.New(slog.NewTextHandler(f.log, nil))}
}

// insertEvents are three people's days, of u2 without an address; what a record may hold is hostile.
const insertEvents = `INSERT INTO sealwatch.events (tenant, event_id, sequence, ts, user_id, user_email, activity, administrative, object, action, ip_address, as_organization, country, city, place_kind, integration_key, envelope_id, user_agent)
SELECT 'acme', toString(number), number + 1, now64(7) - toIntervalMinute(number), 'u' || toString(number % 3), if(number % 3 = 2, '', 'u@example.com'), ['logon', 'failed_logon', 'unknown', 'download'][number % 4 + 1], number % 5 = 0,
    'Envelope', 'Sent', '192.0.2.' || toString(number % 2), 'Example ' || toString(number % 2), 'DE', 'Berlin', 'user', 'key', 'e' || toString(number), char(27) || ']0;owned' || char(7) || unhex('E280AE') || '=1+1'
FROM numbers(200)`

// full runs a statement as the engine's full user.
func (f *fixture) full(sql string) error {
	r, err := http.NewRequest(http.MethodPost, f.engine.URL(), strings.NewReader(sql))
	if err != nil {
		return err
	}
	r.SetBasicAuth(f.engine.User(), f.engine.Password())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", sql, b.String())
	}
	return nil
}

// got is a sink that keeps what comes.
type got struct {
	columns  []hunt.Column
	rows     []string
	data     []byte
	progress int
	summary  *hunt.Summary
	fail     error
}

func (g *got) Columns(c []hunt.Column) error { g.columns = c; return g.fail }
func (g *got) Rows(rows []json.RawMessage) error {
	for _, r := range rows {
		g.rows = append(g.rows, string(r))
	}
	return g.fail
}
func (g *got) Data(b []byte) error          { g.data = append(g.data, b...); return g.fail }
func (g *got) Progress(hunt.Progress) error { g.progress++; return nil }
func (g *got) Summary(s hunt.Summary) error { g.summary = &s; return nil }

// ask runs a statement through the API's way.
func (f *fixture) ask(t *testing.T, q hunt.Query) (*got, error) {
	t.Helper()
	q.Via = hunt.ViaAPI
	g := &got{}
	err := f.Query(t.Context(), q, g)
	return g, err
}

// audited is the newest entry of an author: outcome, statement, parameters, rows and error, as JSON.
func (f *fixture) audited(t *testing.T, author string) string {
	t.Helper()
	g, err := f.ask(t, hunt.Query{Author: "auditor", Parameters: map[string]string{"who": author},
		SQL: "SELECT via, outcome, statement, parameters, result_rows, error FROM audit_log WHERE actor = {who:String} ORDER BY time DESC, elapsed_ms LIMIT 1"})
	if err != nil || len(g.rows) != 1 {
		t.Fatalf("the audit of %s: %v, %v", author, g.rows, err)
	}
	return g.rows[0]
}

// running says whether a query with a text in it runs in the engine.
func (f *fixture) running(t *testing.T, text string) bool {
	t.Helper()
	r, _ := http.NewRequest(http.MethodPost, f.engine.URL()+"?param_t="+url.QueryEscape(text), strings.NewReader("SELECT count() FROM system.processes WHERE position(query, {t:String}) > 0 AND position(query, 'system.processes') = 0"))
	r.SetBasicAuth(f.engine.User(), f.engine.Password())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatal(b.String())
	}
	return strings.TrimSpace(b.String()) != "0"
}

// until waits for something that has to happen.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened that %s", what)
		}
	}
}

// serve is the endpoint on a listener.
func (f *fixture) serve(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f.Endpoint(password))
	t.Cleanup(s.Close)
	return s
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func huntOf(sql string) hunt.Query { return hunt.Query{SQL: sql, Author: "auditor"} }
