package file

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// due says whether the file's lines belong to a time that has passed.
func (x *Exporter) due() bool {
	if x.o.MaxAge == 0 || x.at.size == 0 {
		return false
	}
	return x.period(x.at.modified) < x.period(x.o.Clock())
}

func (x *Exporter) period(t time.Time) int64 {
	return t.UnixNano() / int64(x.o.MaxAge)
}

// rotate gives the file, of which the lock is held, its last name, and opens a new one. The lock keeps everybody else who rotates from the
// name that was found to be free.
func (x *Exporter) rotate(ctx context.Context) error {
	s, err := x.at.f.Stat()
	if err != nil {
		return explained("it cannot be rotated", x.o.Path, err)
	}
	to, err := x.names.next(x.o.Clock())
	if err == nil {
		x.step("rotating")
		err = os.Rename(x.o.Path, to)
	}
	if err == nil {
		x.step("renamed")
		err = syncFolder(x.names.folder)
	}
	if err != nil {
		x.drop()
		return explained("it cannot be rotated", x.o.Path, err)
	}
	x.before = s
	x.drop()
	x.o.Logger.DebugContext(ctx, "a file was rotated", slog.String("path", to), slog.Int64("bytes", s.Size()))
	x.step("rotated")
	x.tidy()
	return x.open(ctx)
}

// Keep implements exporters.Keeper: a file whose time has passed is rotated though nothing is to be written.
func (x *Exporter) Keep(ctx context.Context) error {
	x.tidyAgain()
	if x.o.MaxAge == 0 {
		return nil
	}
	s, err := os.Lstat(x.o.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && s.Size() == 0 {
		return nil
	}
	if err != nil {
		return failure(0, nil, explained("it cannot be looked at", x.o.Path, err))
	}
	if x.at != nil && x.at.size == s.Size() && !x.due() || x.at == nil && x.period(s.ModTime()) >= x.period(x.o.Clock()) {
		return nil
	}
	err = x.open(ctx)
	defer x.release()
	if err == nil && x.due() {
		err = x.rotate(ctx)
	}
	if err != nil {
		return failure(0, nil, err)
	}
	return nil
}
