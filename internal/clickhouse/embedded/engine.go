package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// State is what the engine is doing.
type State string

// The states of an engine.
const (
	StateRunning    State = "running"
	StateRestarting State = "restarting"
	StateStopped    State = "stopped"
)

// Status describes the engine for the status API and for people.
type Status struct {
	State    State
	Since    time.Time // when State was entered
	PID      int       // of the child; 0 when none runs
	Version  string    // ClickHouse's
	Restarts uint64    // children that were started after the first
	// LastError tells why the latest child died or could not start, with its
	// last lines of output.
	LastError   string
	Confinement Confinement
	// ReaderOffered is false when the process is not confined and
	// Options.AllowUnconfined was not set.
	ReaderOffered bool
}

// Engine is a running embedded ClickHouse. Its address and passwords stay the
// same as long as it lives, however often the child is replaced.
type Engine struct {
	options  Options
	config   engineConfig
	layout   layout
	address  string
	listener *os.File
	log      *slog.Logger

	stopping context.Context
	stop     context.CancelFunc
	finished chan struct{}
	stopErr  error // of the last child; read after finished

	mu      sync.Mutex
	status  Status
	current *child // nil when none runs
}

// Start runs an engine and returns when it answers queries. ctx bounds the
// start only. When another process owns the data directory the error is a
// *DirectoryInUseError. Call Stop at the end.
func Start(ctx context.Context, options Options) (*Engine, error) {
	options, err := options.validate()
	if err != nil {
		return nil, err
	}
	e := &Engine{options: options, config: options.config(), layout: layout{options.DataDir}, log: options.Logger, finished: make(chan struct{})}
	listener, err := listenLoopback(options.Addr)
	if err != nil {
		return nil, err
	}
	e.address = listener.Addr().String()
	e.listener, err = listener.File()
	_ = listener.Close()
	if err != nil {
		return nil, fmt.Errorf("share the engine's listener: %w", err)
	}
	first, err := e.launch(ctx)
	if err == nil {
		err = e.running(first)
		if err != nil {
			first.kill()
		}
	}
	if err != nil {
		_ = e.listener.Close()
		return nil, err
	}
	e.stopping, e.stop = context.WithCancel(context.Background())
	go e.supervise(first)
	return e, nil
}

// running records that a child answers and tells the operator.
func (e *Engine) running(c *child) error {
	offered := c.report.Confinement.Complete() || e.config.AllowUnconfined
	e.mu.Lock()
	e.status.State, e.status.Since = StateRunning, time.Now()
	e.status.PID, e.status.Version = c.command.Process.Pid, c.report.Version
	e.status.Confinement, e.status.ReaderOffered = c.report.Confinement, offered
	e.mu.Unlock()
	f := File{
		Address: e.address, URL: e.URL(), PID: c.command.Process.Pid,
		Version: c.report.Version, Confinement: c.report.Confinement,
	}
	if offered && e.options.PublishReader {
		f.User, f.Password = UserReader, e.config.ReaderPassword
	}
	if !c.report.Confinement.Complete() {
		e.log.Warn("the engine's process is not confined by the kernel", slog.String("problem", c.report.Confinement.Problem), slog.Bool("reader_offered", offered))
	}
	return writeEngineFile(e.layout, f)
}

// Addr is the engine's address, IP:PORT.
func (e *Engine) Addr() string { return e.address }

// URL is the engine's address for clients that want a URL.
func (e *Engine) URL() string { return "http://" + e.address + "/" }

// User is the name of the user who may do everything.
func (e *Engine) User() string { return UserFull }

// Password is the password of User. It exists in memory only.
func (e *Engine) Password() string { return e.config.Password }

// ReaderUser is the name of the user for SQL that people write.
func (e *Engine) ReaderUser() string { return UserReader }

// ReaderPassword is the password of ReaderUser; "" when Status says that the
// reader is not offered.
func (e *Engine) ReaderPassword() string {
	if !e.Status().ReaderOffered {
		return ""
	}
	return e.config.ReaderPassword
}

// Status describes the engine at this moment.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status
}

// Restarts is the number of times that a child had to be replaced.
func (e *Engine) Restarts() uint64 { return e.Status().Restarts }

// PID is the child's process id, 0 while there is none.
func (e *Engine) PID() int { return e.Status().PID }

// Done is closed when the engine has stopped.
func (e *Engine) Done() <-chan struct{} { return e.finished }

// Stop ends the engine: running requests get Options.DrainTimeout, then the
// child is killed, as it is when ctx ends first. It may be called again.
func (e *Engine) Stop(ctx context.Context) error {
	e.stop()
	select {
	case <-e.finished:
	case <-ctx.Done():
		e.killCurrent()
		<-e.finished
	}
	return e.stopErr
}
