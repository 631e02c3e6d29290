package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// serveChild is the second image: it takes the listener over, loads the
// engine, closes the last way out and answers until it is asked to stop.
func serveChild(ctx context.Context, a childArguments, control *bufio.Reader, report io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	config, err := readConfig(control)
	if err != nil {
		return err
	}
	go endWithParent(control)
	listener, err := net.FileListener(os.NewFile(fdListener, "listener"))
	if err != nil {
		return fmt.Errorf("take over the listener: %w", err)
	}
	lib, err := loadLibrary(a.library)
	if err != nil {
		return err
	}
	confinement := Confinement{Landlock: max(a.confined, 0), Problem: a.unconfined}
	if err := installFilter(); err != nil {
		confinement.Problem = err.Error()
	} else {
		confinement.Seccomp = true
	}
	if !confinement.Complete() && !config.AllowUnconfined {
		config.ReaderPassword = ""
	}
	l := layout{a.dataDir}
	handler, err := newServer(lib, config, config.serverArguments(l.data(), l.configFile()), log)
	if err != nil {
		return err
	}
	version, err := handler.version()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(report).Encode(childReport{Version: version, Confinement: confinement}); err != nil {
		return fmt.Errorf("report to the parent: %w", err)
	}
	return serveHTTP(ctx, listener, handler, config.DrainTimeout)
}

func readConfig(control *bufio.Reader) (engineConfig, error) {
	var config engineConfig
	line, err := control.ReadBytes('\n')
	if err != nil {
		return config, fmt.Errorf("read the configuration from the parent: %w", err)
	}
	if err := json.Unmarshal(line, &config); err != nil {
		return config, errors.New("read the configuration from the parent: it is no JSON") // its text holds secrets
	}
	return config.withDefaults(), nil
}

// endWithParent ends the process when the parent's end of the control pipe is
// gone. Nothing is closed: what was acknowledged is on disk.
func endWithParent(control *bufio.Reader) {
	_, _ = io.Copy(io.Discard, control)
	os.Exit(0)
}

// serveHTTP answers until ctx ends, then lets running requests finish within
// the drain time.
func serveHTTP(ctx context.Context, listener net.Listener, handler *server, drain time.Duration) error {
	requests, cancelRequests := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancelRequests(nil)
	h := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       10 * time.Minute,
		MaxHeaderBytes:    8 << 20, // parameters travel in the address
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(handler.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve ClickHouse's HTTP interface: %w", err)
	case <-ctx.Done():
	}
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := h.Shutdown(drained); err != nil {
		cancelRequests(errPoolClosed)
		_ = h.Close()
	}
	handler.close()
	return nil
}
