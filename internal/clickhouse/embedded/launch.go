package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is one incarnation of the engine's process, seen from the parent.
type child struct {
	command *exec.Cmd
	control *os.File // its end is the parent's end
	report  childReport
	lines   *lineLogger
	exited  chan struct{}
	exit    error // why it ended; read after exited
}

// launch starts a child and waits until it answers. The child gets an empty
// environment; its configuration goes through a pipe.
func (e *Engine) launch(ctx context.Context) (*child, error) {
	controlRead, controlWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		_ = controlRead.Close()
		_ = controlWrite.Close()
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	c := &child{control: controlWrite, lines: newLineLogger(e.log), exited: make(chan struct{})}
	arguments := childArguments{dataDir: e.options.DataDir, library: e.options.Library, readerDatabases: strings.Join(e.config.Reader.Databases, ",")}
	c.command = exec.Command(e.options.Command[0], append(append([]string{}, e.options.Command[1:]...), arguments.list(-1)...)...)
	c.command.Env = []string{}
	c.command.Dir = "/"
	c.command.ExtraFiles = []*os.File{e.listener, controlRead, reportWrite}
	c.command.Stdout, c.command.Stderr = c.lines, c.lines
	c.command.WaitDelay = 2 * time.Second
	// A group of its own: an interrupt from the terminal is for the parent,
	// which then stops the engine in order.
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = c.command.Start()
	_ = controlRead.Close()
	_ = reportWrite.Close()
	if err != nil {
		_ = controlWrite.Close()
		_ = reportRead.Close()
		return nil, fmt.Errorf("start the engine with %s: %w", e.options.Command[0], err)
	}
	go func() {
		c.exit = c.command.Wait()
		c.lines.end()
		close(c.exited)
	}()
	err = c.await(ctx, e, reportRead)
	_ = reportRead.Close()
	if err != nil {
		c.kill()
		var inUse *DirectoryInUseError
		if errors.As(err, &inUse) {
			return nil, err
		}
		return nil, c.explain(err)
	}
	return c, nil
}

// await hands over the configuration and reads the report.
func (c *child) await(ctx context.Context, e *Engine, report *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, e.options.StartTimeout)
	defer cancel()
	config, err := json.Marshal(e.config)
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	// A child that ended already cannot take it; its report then says why.
	_, writeErr := c.control.Write(append(config, '\n'))
	type answer struct {
		line []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(report, 1<<20)).ReadBytes('\n')
		answered <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		_ = report.SetReadDeadline(time.Now())
		<-answered
		return fmt.Errorf("the engine did not answer: %w", context.Cause(ctx))
	case a := <-answered:
		if a.err != nil {
			return errors.Join(errors.New("the engine ended before it answered"), writeErr)
		}
		if err := json.Unmarshal(a.line, &c.report); err != nil {
			return fmt.Errorf("the engine's report: %w", err)
		}
	}
	if c.report.InUse {
		return &DirectoryInUseError{Dir: e.options.DataDir, PID: c.report.InUseBy}
	}
	if c.report.Error != "" {
		return errors.New(c.report.Error)
	}
	return nil
}

// explain adds how the child ended and what it said last.
func (c *child) explain(err error) error {
	if c.exit != nil {
		err = fmt.Errorf("%w (%w)", err, c.exit)
	}
	if last := c.lines.last(); last != "" {
		err = fmt.Errorf("%w; its last lines: %s", err, last)
	}
	return err
}

// stop asks the child to end in order and waits until it has or ctx is over;
// then it is killed.
func (c *child) stop(ctx context.Context) error {
	_ = c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
		_ = c.control.Close()
		return nil
	case <-ctx.Done():
		c.kill()
		return fmt.Errorf("the engine did not stop in time and was killed: %w", context.Cause(ctx))
	}
}

// kill ends the child at once and waits until it is gone.
func (c *child) kill() {
	_ = c.command.Process.Kill()
	_ = c.control.Close()
	<-c.exited
}
