// Package file appends alerts to a file, one JSON object a line, durably and with rotation.
package file

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format/document"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Options of the exporter. What is zero takes the default.
type Options struct {
	// Path of the file that is written to. Its folder has to exist. Required.
	Path string
	// Payload is the format of a line, one of JSON; that of the REST API when nil.
	Payload payload.Encoder
	// MaxBytes is how large a file becomes (100 MiB). A line that is longer by itself is shortened.
	MaxBytes int64
	// MaxAge is the span of time whose lines are in one file, counted from 1970 in UTC, so that with 24 h a file ends at midnight; 0 is
	// without a bound.
	MaxAge time.Duration
	// Keep is how many rotated files are kept; 0 keeps all.
	Keep int
	// Gzip compresses rotated files.
	Gzip bool
	// LockTimeout is how long another process may have the file locked (10 s).
	LockTimeout time.Duration
	// Logger is told of what was repaired and could not be tidied.
	Logger *slog.Logger
	// Clock gives the time that files are named after and rotated by; time.Now when nil.
	Clock func() time.Time
}

// leastBytes of a file: less than what any line can be shortened to is of no use.
const leastBytes = 4 << 10

func (o *Options) complete() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("file: "+format, args...)) }
	switch base := filepath.Base(o.Path); {
	case o.Path == "" || strings.HasSuffix(o.Path, string(filepath.Separator)) || base == "." || base == "..":
		problem("path %q: the name of a file was expected", o.Path)
	case !Name(base):
		problem("path %q: a name that is none of a rotated file was expected", o.Path)
	}
	if o.Payload == nil {
		o.Payload = document.Encoder{}
	}
	if name := o.Payload.Name(); name != "json" && name != "ocsf" {
		problem("format %q: json or ocsf was expected", name)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 100 << 20
	}
	if o.MaxBytes < leastBytes {
		problem("at most %d bytes a file: %d at least were expected", o.MaxBytes, leastBytes)
	}
	if o.MaxAge < 0 || o.MaxAge > 0 && o.MaxAge < time.Second {
		problem("the age must be a second at least, or 0")
	}
	if o.Keep < 0 {
		problem("%d files to keep: 0 or more were expected", o.Keep)
	}
	if o.LockTimeout <= 0 {
		o.LockTimeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return errors.Join(errs...)
}
