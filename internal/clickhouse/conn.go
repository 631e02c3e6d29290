package clickhouse

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DefaultDatabase is used when the DSN names none.
const DefaultDatabase = "sealwatch"

// Options say which ClickHouse to use: either DSN, or Addr with User and Password for the embedded engine.
type Options struct {
	// DSN of a server: clickhouse://, http:// or https://, as clickhouse-go reads it.
	DSN string
	// Addr is HOST:PORT of the embedded engine's HTTP interface.
	Addr, User, Password string
	// Database for Addr; a DSN names its own. DefaultDatabase when empty.
	Database string
	// MaxConnections bounds what is under way at once; 8 when 0.
	MaxConnections int
	Logger         *slog.Logger
}

// DB is a connection pool to one database of ClickHouse.
type DB struct {
	conn     driver.Conn
	database string
	address  string
	version  string
	log      *slog.Logger
	// inserts remembers the columns of each INSERT by its name.
	inserts sync.Map
}

var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// Open connects and creates the database when it is missing. An error never holds the DSN's password.
func Open(ctx context.Context, o Options) (*DB, error) {
	opts, err := driverOptions(o)
	if err != nil {
		return nil, err
	}
	database := opts.Auth.Database
	if database == "" || database == "default" {
		database = DefaultDatabase
	}
	if !databaseName.MatchString(database) {
		return nil, fmt.Errorf("clickhouse: database %q: expected letters, digits and underscores", database)
	}
	bootstrap := *opts
	bootstrap.Auth.Database = "default"
	first, err := clickhouse.Open(&bootstrap)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	defer func() { _ = first.Close() }()
	server, err := first.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %s does not answer: %w", opts.Addr[0], err)
	}
	if server.Version.Major < 25 {
		return nil, fmt.Errorf("clickhouse: %s is version %d.%d, expected 25 or later", opts.Addr[0], server.Version.Major, server.Version.Minor)
	}
	// The name is checked above; an identifier cannot be bound.
	if err := first.Exec(ctx, "CREATE DATABASE IF NOT EXISTS `"+database+"`"); err != nil {
		return nil, fmt.Errorf("clickhouse: create database %s: %w", database, err)
	}
	opts.Auth.Database = database
	if err := planQuickly(ctx, first, opts.Settings); err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	version := fmt.Sprintf("%d.%d.%d", server.Version.Major, server.Version.Minor, server.Version.Patch)
	return &DB{conn: conn, database: database, address: opts.Addr[0], version: version, log: log}, nil
}

func driverOptions(o Options) (*clickhouse.Options, error) {
	opts := &clickhouse.Options{}
	if o.DSN != "" {
		parsed, err := clickhouse.ParseDSN(o.DSN)
		if err != nil {
			return nil, fmt.Errorf("clickhouse: DSN: %s; expected clickhouse://user@host:9000/database or https://user@host:8443/database", withoutSecrets(err, o.DSN))
		}
		opts = parsed
		if opts.TLS != nil && opts.TLS.MinVersion < tls.VersionTLS12 {
			opts.TLS.MinVersion = tls.VersionTLS12
		}
	} else {
		opts.Addr = []string{o.Addr}
		opts.Protocol = clickhouse.HTTP
		opts.Auth = clickhouse.Auth{Username: o.User, Password: o.Password, Database: o.Database}
	}
	opts.MaxOpenConns = o.MaxConnections
	if opts.MaxOpenConns == 0 {
		opts.MaxOpenConns = 8
	}
	opts.MaxIdleConns = opts.MaxOpenConns
	opts.DialTimeout = 5 * time.Second
	if opts.Settings == nil {
		opts.Settings = clickhouse.Settings{}
	}
	// Every round has other constants, so that compiled expressions are never used again; compiling them costs 100 ms.
	for _, compile := range []string{"compile_expressions", "compile_aggregate_expressions", "compile_sort_description"} {
		opts.Settings[compile] = 0
	}
	if opts.ReadTimeout == 0 {
		opts.ReadTimeout = 5 * time.Minute
	}
	return opts, nil
}

// withoutSecrets removes whatever of the DSN could be a secret from the text of err.
func withoutSecrets(err error, dsn string) string {
	text := strings.ReplaceAll(err.Error(), dsn, "<dsn>")
	if u, perr := url.Parse(dsn); perr == nil && u.User != nil {
		if p, ok := u.User.Password(); ok && p != "" {
			text = strings.ReplaceAll(text, p, "<secret>")
		}
	} else if perr != nil {
		return "it cannot be parsed"
	}
	return text
}

// Close ends the pool.
func (d *DB) Close() error { return d.conn.Close() }

// Drop removes the whole database; for tests.
func (d *DB) Drop(ctx context.Context) error {
	return classify(ctx, d.conn.Exec(ctx, "DROP DATABASE IF EXISTS `"+d.database+"` SYNC"))
}

// Ping asks whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return classify(ctx, d.conn.Ping(ctx)) }

// Address of the database, without credentials.
func (d *DB) Address() string { return d.address }

// Version of ClickHouse, as it said when the pool was opened.
func (d *DB) Version() string { return d.version }
