package embedded

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// lineLogger passes a child's output on to a logger, line by line, and keeps
// the last lines for the error that tells of its death.
type lineLogger struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	kept    []string
}

const (
	keptLines    = 10
	maxLineBytes = 4096
)

func newLineLogger(log *slog.Logger) *lineLogger { return &lineLogger{log: log} }

// Write implements io.Writer; it never fails.
func (l *lineLogger) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, p...)
	for {
		at := bytes.IndexByte(l.partial, '\n')
		if at < 0 {
			if len(l.partial) < maxLineBytes {
				return len(p), nil
			}
			at = maxLineBytes - 1
		}
		l.line(string(l.partial[:min(at, maxLineBytes)]))
		l.partial = l.partial[at+1:]
	}
}

// end logs what came without a line's end.
func (l *lineLogger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.partial) > 0 {
		l.line(string(l.partial))
		l.partial = nil
	}
}

func (l *lineLogger) line(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	l.log.Info("engine: " + text)
	l.kept = append(l.kept, text)
	if len(l.kept) > keptLines {
		l.kept = l.kept[1:]
	}
}

func (l *lineLogger) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.kept, " | ")
}
