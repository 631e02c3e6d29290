// Command sealwatch watches an organisation's DocuSign: the service, and the tools around it.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"os/user"
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
	p := &process{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), executable: executable, called: os.Args[0],
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())), inTerminal: term.IsTerminal(int(os.Stdin.Fd())), now: time.Now, account: account(), serve: runService, check: app.Check,
	}
	os.Exit(p.run(untilSignal(os.Stderr), os.Args[1:]))
}

// account is the name of who runs the process; empty when the system does not know.
func account() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// untilSignal ends with the first SIGINT or SIGTERM; the second ends the process at once.
func untilSignal(to io.Writer) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		_, _ = io.WriteString(to, "sealwatch: stopped at once by a second signal\n")
		os.Exit(exitError)
	}()
	return ctx
}
