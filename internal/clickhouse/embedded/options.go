package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// DefaultMaxMemory is the engine's limit in bytes when none is given.
const DefaultMaxMemory = 2 << 30

// Options say what engine to run. DataDir and Command are required.
type Options struct {
	// DataDir is the absolute path of the data directory. It is created with
	// mode 0700 when it is missing.
	DataDir string
	// Library is the path of libchdb.so; empty means FindLibrary.
	Library string
	// Command starts a process that calls RunChild, with the arguments that
	// follow it: the executable's absolute path and, say, "engine", "child".
	Command []string
	// Addr is the loopback address to listen on. Default 127.0.0.1:0.
	Addr string
	// MaxMemory is the engine's limit in bytes. Default DefaultMaxMemory.
	MaxMemory uint64
	// Connections is the number of queries of the full user that run in
	// parallel. Default 8.
	Connections int
	// MaxQueue is the number of requests that may wait for one. Default 256.
	MaxQueue int
	// QueryTimeout bounds each query of the full user, unless the request has
	// the argument max_execution_time; 0 for no limit. A SETTINGS clause in the
	// statement cannot go beyond it.
	QueryTimeout time.Duration
	// MaxBodyBytes bounds a request's body, as sent and decompressed. Default 1 GiB.
	MaxBodyBytes int64
	// DrainTimeout is what running requests get when the engine is stopped.
	// Default 10 s.
	DrainTimeout time.Duration
	// StartTimeout bounds the time until a child answers. Default 2 min,
	// because tables are loaded first.
	StartTimeout time.Duration
	// Reader bounds the user "reader".
	Reader ReaderLimits
	// AllowUnconfined offers the reader even when the kernel cannot confine
	// the engine: a person's SQL could then reach what this process can.
	AllowUnconfined bool
	// PublishReader writes the reader's password into DATA/engine.json. Without it
	// only this process knows it, and can let nobody in whom it does not audit.
	PublishReader bool
	// Logger takes the engine's messages. Default slog.Default().
	Logger *slog.Logger
}

func (o Options) validate() (Options, error) {
	switch {
	case !filepath.IsAbs(o.DataDir):
		return o, fmt.Errorf("the engine's data directory %q has to be an absolute path", o.DataDir)
	case len(o.Command) == 0:
		return o, errors.New("the engine's command is missing")
	}
	for _, database := range o.Reader.Databases {
		if database == "" || strings.ContainsAny(database, ",\x00") {
			return o, fmt.Errorf("the reader's database %q: not a name", database)
		}
	}
	o.DataDir = filepath.Clean(o.DataDir)
	setDefault(&o.Addr, "127.0.0.1:0")
	setDefault(&o.StartTimeout, 2*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Library == "" {
		library, err := FindLibrary()
		if err != nil {
			return o, err
		}
		o.Library = library
	}
	absolute, err := filepath.Abs(o.Library)
	if err != nil {
		return o, fmt.Errorf("engine library %s: %w", o.Library, err)
	}
	o.Library = absolute
	return o, nil
}

func (o Options) config() engineConfig {
	return engineConfig{
		Password: newPassword(), ReaderPassword: newPassword(),
		MaxMemory: o.MaxMemory, Connections: o.Connections, MaxQueue: o.MaxQueue, QueryTimeout: o.QueryTimeout,
		MaxBodyBytes: o.MaxBodyBytes, DrainTimeout: o.DrainTimeout, AllowUnconfined: o.AllowUnconfined, Reader: o.Reader,
	}.withDefaults()
}

// listenLoopback opens the engine's listener. Without TLS only the machine
// itself may be able to connect.
func listenLoopback(address string) (*net.TCPListener, error) {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("the engine's address %q is not IP:PORT: %w", address, err)
	}
	if !parsed.Addr().IsLoopback() {
		return nil, fmt.Errorf("the engine's address %s is not a loopback address: the engine has no TLS", address)
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(parsed))
	if err != nil {
		return nil, fmt.Errorf("listen for the engine: %w", err)
	}
	return listener, nil
}
