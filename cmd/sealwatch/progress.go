package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// progress shows how far something is, on a terminal; elsewhere it shows nothing.
type progress struct {
	p   *process
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// progress begins to show bytes, of size in all, or -1 when that is not known.
func (p *process) progress(size int64) *progress {
	s := &progress{p: p}
	if p.errTerminal {
		s.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(p.err), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription("importing"), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(65*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return s
}

// add counts bytes.
func (s *progress) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Add(n) // a bar that cannot be drawn stops nothing
	}
}

// say prints a line above the bar.
func (s *progress) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
	}
	s.p.say("%s", line)
}

// finish takes the bar away.
func (s *progress) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Finish()
		s.bar = nil
	}
}

// note shows a line on a terminal that the next one replaces, and returns it.
func (p *process) note(line string) string {
	line = terminal.Text(line)
	if p.errTerminal {
		_, _ = fmt.Fprint(p.err, line)
	}
	return line
}

// clear takes a line of note away.
func (p *process) clear(line string) {
	if p.errTerminal && line != "" {
		_, _ = fmt.Fprint(p.err, "\r\x1b[K")
	}
}
