package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
	// exitCut is that of a hunt whose result is not all that there is.
	exitCut = 3
)

// process is what the commands know of the process that they run in; tests put their own in its place.
type process struct {
	in         io.Reader
	out, err   io.Writer
	environ    []string
	executable string
	// called is how the person called the program; empty stands for sealwatch.
	called      string
	errTerminal bool
	// inTerminal says that a person can be asked.
	inTerminal bool
	// terminal is what out was before anything was put around it, and outTerminal says that it is one.
	terminal    io.Writer
	outTerminal bool
	// interrupts sends Ctrl-C to a function instead of ending the process, until it is called back; nil where it cannot.
	interrupts func(func()) (back func())
	now        func() time.Time
	// account is who runs the process, for where the environment does not say; empty when nobody knows.
	account string
	// serve runs the service until ctx ends.
	serve func(ctx context.Context, cfg config.Config, o serveOptions) error
	// running is the command that runs, for what is said of its flags; nil before it begins.
	running *cobra.Command
	// check says what of a valid configuration the service would refuse.
	check func(config.Config) error
}

// serveOptions are what the service needs beside its configuration.
type serveOptions struct {
	Logger *slog.Logger
	// Started is called once, when the service is ready.
	Started func(addresses)
}

// addresses are where a running service can be reached.
type addresses struct{ GRPC, HTTP, Engine, Hunting string }

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef makes one.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errSaid ends a command whose problems have been printed already.
var errSaid = errors.New("the problems were printed")

// errCut ends a hunt whose result was cut off, which has been printed already.
var errCut = errors.New("the result was cut off")

// run runs one command line and returns the exit code.
func (p *process) run(ctx context.Context, args []string) int {
	// Several goroutines of a command may print; each line stays whole.
	p.out, p.err = &serialised{w: p.out}, &serialised{w: p.err}
	root := p.root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	strict(root)
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	// Whatever cobra finds wrong before a command begins is a mistake in the command line.
	begun := false
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if err := c.ValidateRequiredFlags(); err != nil { // cobra looks at them after this
			return err
		}
		begun, p.running = true, c
		return nil
	}
	ran, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSaid):
		return exitError
	case errors.Is(err, errCut):
		return exitCut
	}
	if !begun {
		err = hinted(ran, err)
	}
	p.complain(err)
	if !begun || errors.As(err, new(usageError)) {
		return exitUsage
	}
	if reasonOf(err) == string(fault.LimitExceeded) {
		return exitCut
	}
	return exitError
}

// serialised lets one Write through at a time.
type serialised struct {
	mu sync.Mutex
	w  io.Writer
}

// Write passes the whole of b on.
func (s *serialised) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}

// complain prints an error, each problem on a line of its own, and a field of the API by the flag that gives it.
func (p *process) complain(err error) {
	for line := range strings.Lines(message(flagged(p.running, err))) {
		p.say("sealwatch: %s", strings.TrimRight(line, "\n"))
	}
}

// say prints a line on standard error.
func (p *process) say(format string, args ...any) {
	_, _ = fmt.Fprintln(p.err, terminal.Text(fmt.Sprintf(format, args...)))
}

// print prints a line on standard output. Arguments that come from outside MUST have gone through terminal.Text.
func (p *process) print(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

// root is the whole command line.
func (p *process) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sealwatch",
		Short: "Watches an organisation's DocuSign",
		Long: "Sealwatch takes in DocuSign's audit events, keeps them in ClickHouse, finds the attacks in them with SQL, and tells people\n" +
			"and SIEMs within seconds.\n\nExit codes: 0 success, 1 error, 2 a mistake in the command line, 3 a hunt that was cut off by a limit.",
		SilenceUsage: true, SilenceErrors: true, DisableSuggestions: true, Version: build.Read().Version,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.importCommand(), p.alertsCommand(), p.detectionsCommand(), p.backtestCommand(), p.reevaluateCommand(), p.huntCommand(), p.policyCommand(), p.exceptionsCommand(), p.simulateCommand(), p.evaluateCommand(), p.engineCommand(), p.ipRangesCommand(), p.feedsCommand(), p.exportersCommand(), p.directoryCommand(), p.doctorCommand(), p.connectCommand(), p.configCommand(), p.statusCommand(), p.versionCommand())
	root.AddCommand(p.incidentsCommand(), p.usersCommand())
	strict(root)
	completeValues(root)
	completeNames(root)
	return root
}

// strict lets a subcommand that does not exist be a mistake: cobra takes it for a wish for help, and all is well, or complains of
// its flags.
func strict(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch {
		case c.Name() == "help" && c.RunE == nil:
			strictHelp(root, c)
		case c.HasSubCommands() && c.RunE == nil:
			c.Args = cobra.NoArgs
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
			c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
				if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 { // those before the flag
					return cobra.NoArgs(c, words)
				}
				return err
			})
		}
	}
}

// strictHelp lets help on a command that does not exist fail.
func strictHelp(root, help *cobra.Command) {
	show := help.Run
	help.RunE = func(c *cobra.Command, words []string) error {
		found, rest, err := root.Find(words)
		if err == nil && found.HasSubCommands() {
			err = cobra.NoArgs(found, rest)
		}
		if err != nil {
			return usageError{err}
		}
		show(c, words)
		return nil
	}
}
