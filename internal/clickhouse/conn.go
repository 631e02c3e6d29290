package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/fault"
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

// Codes by which ClickHouse refuses data or values: the same statement with other ones can succeed.
var ofData = map[int32]bool{
	6:   true, // CANNOT_PARSE_TEXT
	26:  true, // CANNOT_PARSE_QUOTED_STRING
	27:  true, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
	38:  true, // CANNOT_PARSE_DATE
	41:  true, // CANNOT_PARSE_DATETIME
	53:  true, // TYPE_MISMATCH
	69:  true, // ARGUMENT_OUT_OF_BOUND
	70:  true, // CANNOT_CONVERT_TYPE
	72:  true, // CANNOT_PARSE_NUMBER
	117: true, // INCORRECT_DATA
	131: true, // TOO_LARGE_STRING_SIZE
	349: true, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
	376: true, // CANNOT_PARSE_UUID
	407: true, // DECIMAL_OVERFLOW
	457: true, // BAD_QUERY_PARAMETER
	676: true, // CANNOT_PARSE_IPV4
	677: true, // CANNOT_PARSE_IPV6
}

// Codes by which ClickHouse refuses a statement: it will never succeed as it is, and the schema or Sealwatch is at fault.
var ofStatement = map[int32]bool{
	16: true, 20: true, 36: true, 42: true, 43: true, 44: true, 46: true, 47: true, 48: true, 50: true, 57: true, 60: true, 62: true,
	63: true, 80: true, 81: true, 115: true, 164: true, 179: true, 184: true, 207: true, 215: true, 386: true, 392: true, 456: true, 497: true, 516: true,
}

// classify says what an error means to the caller: its own deadline as it is, data that is refused as
// fault.InvalidArgument, a statement that is refused as it is, and everything else as fault.StorageUnavailable: an error
// that is not understood must not be blamed on anybody's data. The text has no address of a request, because that would
// hold every value of it.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = fmt.Errorf("%s: %w", request.Op, request.Err)
	}
	if cause := ctx.Err(); cause != nil {
		return errors.Join(cause, err)
	}
	var refused *clickhouse.Exception
	if errors.As(err, &refused) {
		switch {
		case ofData[refused.Code]:
			return &fault.Error{Reason: fault.InvalidArgument, Message: "the database refuses a value", Err: err}
		case ofStatement[refused.Code]:
			return err
		}
	}
	return fault.Unavailable(err)
}
