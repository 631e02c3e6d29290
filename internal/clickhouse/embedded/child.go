package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Descriptors that a child inherits from its parent.
const (
	fdListener = 3 // the loopback listener
	fdControl  = 4 // reads one line of engineConfig, then nothing until the parent is gone
	fdReport   = 5 // takes one line of childReport
)

// childReport is what a child tells its parent once.
type childReport struct {
	Version     string      `json:"version,omitempty"`
	Confinement Confinement `json:"confinement"`
	Error       string      `json:"error,omitempty"`
	// InUseBy is set, with Error, when another process owns the directory.
	InUse   bool `json:"in_use,omitempty"`
	InUseBy int  `json:"in_use_by,omitempty"`
}

// childArguments are the arguments that Start appends to Options.Command.
type childArguments struct {
	dataDir         string
	library         string
	readerDatabases string // comma-separated
	confined        int    // version of Landlock in force; -1 in the first image
	unconfined      string // why there is none
}

func (a *childArguments) parse(args []string) error {
	f := flag.NewFlagSet("engine child", flag.ContinueOnError)
	f.StringVar(&a.dataDir, "data-dir", "", "data directory")
	f.StringVar(&a.library, "library", "", "engine library")
	f.StringVar(&a.readerDatabases, "reader-databases", "", "databases that the reader may see")
	f.IntVar(&a.confined, "confined", -1, "set by the first image for the second")
	if err := f.Parse(args); err != nil {
		return fmt.Errorf("arguments of the engine's child process: %w", err)
	}
	if !filepath.IsAbs(a.dataDir) || a.library == "" {
		return errors.New("the engine's child process is started by its parent, with --data-dir and --library")
	}
	return nil
}

func (a *childArguments) list(confined int) []string {
	return []string{"--data-dir", a.dataDir, "--library", a.library, "--reader-databases", a.readerDatabases, "--confined", strconv.Itoa(confined)}
}

// RunChild is the engine's process: the program that Options.Command names has
// to call it with the arguments that follow the command. It serves until the
// parent asks for the end (SIGTERM) or is gone, and does not return after a
// parent's death.
func RunChild(ctx context.Context, args []string) error {
	report := os.NewFile(fdReport, "report")
	if report == nil {
		return errors.New("the engine's child process is started by its parent")
	}
	err := runChild(ctx, args, report)
	if err != nil {
		r := childReport{Error: err.Error()}
		var inUse *DirectoryInUseError
		if errors.As(err, &inUse) {
			r.InUse, r.InUseBy = true, inUse.PID
		}
		_ = json.NewEncoder(report).Encode(r)
	}
	return err
}

func runChild(ctx context.Context, args []string, report io.Writer) error {
	a := childArguments{}
	if err := a.parse(args); err != nil {
		return err
	}
	l := layout{a.dataDir}
	control := bufio.NewReader(os.NewFile(fdControl, "control"))
	if a.confined < 0 {
		// The control pipe has not been read yet: the second image needs it whole.
		lock, err := prepareDirectory(l, strings.Split(a.readerDatabases, ","))
		if err != nil {
			return err
		}
		defer func() { _ = lock.Close() }()
		a.unconfined = confineAndExecute(l, a.library, func(version int) []string {
			return append(append([]string{}, childCommand(args)...), a.list(version)...)
		}).Error()
	}
	return serveChild(ctx, a, control, report)
}

// childCommand is how this process was told to be a child: everything between
// the program's name and the arguments given to RunChild.
func childCommand(args []string) []string {
	return os.Args[1 : len(os.Args)-len(args)]
}

// prepareDirectory takes the directory's lock and keeps it for the second image.
func prepareDirectory(l layout, readerDatabases []string) (*os.File, error) {
	if err := l.create(); err != nil {
		return nil, err
	}
	lock, err := lockDirectory(l)
	if err != nil {
		return nil, err
	}
	if err := l.writeUsers(readerDatabases); err != nil {
		return nil, err
	}
	if _, err := unix.FcntlInt(lock.Fd(), unix.F_SETFD, 0); err != nil {
		return nil, fmt.Errorf("keep the lock of data directory %s: %w", l.root, err)
	}
	return lock, nil
}
