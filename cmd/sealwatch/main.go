// Command sealwatch watches an organisation's DocuSign: the service, and the tools around it.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"os/user"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sealwatch/sealwatch/internal/app"
)

func main() {
	executable, err := os.Executable()
	if err != nil {
		executable = "" // nothing is looked for beside it then
	}
	s := &signals{}
	p := &process{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), executable: executable, called: os.Args[0],
		terminal: os.Stdout, outTerminal: term.IsTerminal(int(os.Stdout.Fd())), interrupts: s.take, errTerminal: term.IsTerminal(int(os.Stderr.Fd())), inTerminal: term.IsTerminal(int(os.Stdin.Fd())), now: time.Now, account: account(), serve: runService, check: app.Check,
	}
	os.Exit(p.run(s.until(os.Stderr), os.Args[1:]))
}

// account is the name of who runs the process; empty when the system does not know.
func account() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// signals decides what SIGINT and SIGTERM end.
type signals struct {
	mu    sync.Mutex
	taken func()
}

// take sends SIGINT to a function until it is called back.
func (s *signals) take(handler func()) (back func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = handler
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.taken = nil
	}
}

// handler is who has taken a signal; nil when nobody has.
func (s *signals) handler(sig os.Signal) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sig != os.Interrupt {
		return nil
	}
	return s.taken
}

// until ends with the first SIGINT or SIGTERM that nobody has taken; the second ends the process at once.
func (s *signals) until(to io.Writer) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	came := make(chan os.Signal, 2)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM)
	go func() {
		for sig := range came {
			handler := s.handler(sig)
			switch {
			case handler != nil:
				handler()
			case ctx.Err() == nil:
				cancel()
			default:
				_, _ = io.WriteString(to, "sealwatch: stopped at once by a second signal\n")
				os.Exit(exitError)
			}
		}
	}()
	return ctx
}
