package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// current is the file that lines are appended to.
type current struct {
	f *os.File
	// size when the lock was last given back: whoever wrote in between is another process, perhaps one that did not come to its end.
	size     int64
	modified time.Time // when the last line was written
}

// open makes x.at the file that the path names now, examined, locked and ended by a line feed. The lock MUST be given back.
func (x *Exporter) open(ctx context.Context) error {
	for {
		if x.at == nil {
			switch err := x.reopen(); {
			case errors.Is(err, errChanged) && ctx.Err() == nil:
				continue
			case err != nil:
				return explained("it cannot be opened", x.o.Path, err)
			}
		}
		if err := x.lock(ctx); err != nil {
			x.drop()
			return explained("it cannot be locked", x.o.Path, err)
		}
		s, same, err := x.named()
		if err == nil && same {
			if err = examine(x.o.Path, s); err == nil {
				err = x.whole(ctx, s)
			}
		}
		if err != nil {
			x.drop()
			return explained("it cannot be looked at", x.o.Path, err)
		}
		if same {
			return nil
		}
		x.drop() // somebody rotated, moved or removed it: the file that was written to is theirs
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// reopen opens the file, or makes it; errChanged when another process made or moved it in between.
func (x *Exporter) reopen() error {
	if err := examineFolder(x.names.folder); err != nil {
		return err
	}
	flags := os.O_RDWR | os.O_APPEND | openFlags
	before, err := os.Lstat(x.o.Path)
	made := errors.Is(err, fs.ErrNotExist)
	switch {
	case made:
		flags |= os.O_CREATE | os.O_EXCL
	case err != nil:
		return err
	default:
		if err := examine(x.o.Path, before); err != nil { // before it is opened, because opening something else may do something
			return err
		}
	}
	x.step("looked")
	f, err := os.OpenFile(x.o.Path, flags, ownMode)
	switch {
	case made && errors.Is(err, fs.ErrExist), !made && errors.Is(err, fs.ErrNotExist):
		return errors.Join(errChanged, err)
	case err != nil:
		return err
	}
	s, err := f.Stat()
	if err == nil {
		err = examine(x.o.Path, s)
	}
	if err == nil && made {
		x.share(f)
	}
	if err == nil { // also of one that was there: who made it may have been killed before
		err = syncFolder(x.names.folder)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	x.at = &current{f: f, modified: s.ModTime(), size: -1}
	if made {
		x.at.modified = x.o.Clock()
	}
	x.step("opened")
	return nil
}

// share gives a new file the mode and the group of the one before, so that whoever collects the file can go on.
func (x *Exporter) share(f *os.File) {
	before := x.before
	if before == nil {
		before = x.names.newest()
	}
	if before == nil || before.Mode().Perm() != mostMode {
		return
	}
	_, group, _ := owner(before)
	if err := f.Chown(-1, group); err != nil {
		x.o.Logger.Warn("the group of the file before cannot be given to the new one, so that it is for its owner alone", slog.String("path", x.o.Path), slog.Any("error", err))
		return
	}
	_ = f.Chmod(mostMode) // as it is, it is more private
}

// named says whether the path names the open file.
func (x *Exporter) named() (fs.FileInfo, bool, error) {
	mine, err := x.at.f.Stat()
	if err != nil {
		return nil, false, err
	}
	there, err := os.Lstat(x.o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return mine, false, nil
	}
	return mine, err == nil && os.SameFile(mine, there), err
}

// lock takes the file's lock, which sealwatch doctor and another Sealwatch take too.
func (x *Exporter) lock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, x.o.LockTimeout)
	defer cancel()
	for {
		if ok, err := tryLock(x.at.f); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New("another process has it locked")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// release gives the lock back.
func (x *Exporter) release() {
	if x.at != nil {
		unlock(x.at.f)
	}
}

// drop closes the file; the next open looks at everything again.
func (x *Exporter) drop() {
	if x.at != nil {
		_ = x.at.f.Close()
		x.at = nil
	}
}

// whole cuts off the last line when it was not written to its end, and makes sure that the file may be one of ours. Nobody has told
// anybody that such a line is delivered.
func (x *Exporter) whole(ctx context.Context, s fs.FileInfo) error {
	size := s.Size()
	if size == x.at.size {
		return nil
	}
	end, err := lastLineEnd(x.at.f, size)
	if err != nil {
		return err
	}
	strange := func(at int64) error {
		return refuse(x.o.Path, "found a line that does not begin with {, at byte %d: it is no file of Sealwatch's, or somebody else writes to it; move it away, or choose another path", at)
	}
	var first [1]byte
	if end > 0 {
		if _, err := x.at.f.ReadAt(first[:], 0); err != nil {
			return err
		}
		if first[0] != '{' {
			return strange(0)
		}
	}
	if end < size {
		if _, err := x.at.f.ReadAt(first[:], end); err != nil {
			return err
		}
		if first[0] != '{' && first[0] != 0 { // zeros are what a machine that lost power leaves
			return strange(end)
		}
	}
	if end < size {
		if err := errors.Join(x.at.f.Truncate(end), os.Chtimes(x.o.Path, time.Time{}, s.ModTime()), x.at.f.Sync()); err != nil { // the time is that of the lines which stay
			return err
		}
		x.o.Logger.WarnContext(ctx, "the last line of the file had no end, because whoever wrote it was stopped; it is cut off, and what it told is written again",
			slog.String("path", x.o.Path), slog.Int64("bytes", size-end), slog.Int64("left", end))
		x.step("repaired")
	}
	x.at.size = end
	return nil
}

// lastLineEnd is the place behind the last line feed in the first size bytes.
func lastLineEnd(f io.ReaderAt, size int64) (int64, error) {
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		begin := max(0, end-int64(len(block)))
		n, err := f.ReadAt(block[:end-begin], begin)
		if err != nil && (!errors.Is(err, io.EOF) || int64(n) < end-begin) {
			return 0, err
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// append writes whole lines and makes them durable, or leaves the file as it was.
func (x *Exporter) append(lines []byte) error {
	x.step("writing")
	_, err := x.write(x.at.f, lines)
	if err == nil {
		x.step("written")
		err = x.at.f.Sync()
	}
	if err != nil {
		// After a failed sync nobody knows what of it is on the disk, and the next sync may say that all is well: all of it is written
		// again, so none of it stays.
		_ = x.at.f.Truncate(x.at.size)
		x.drop()
		return explained(fmt.Sprintf("%d bytes cannot be written", len(lines)), x.o.Path, err)
	}
	x.step("synced")
	s, same, err := x.named()
	if err != nil || !same {
		x.drop()
		return explained("it was moved or removed while it was written to, and is written again", x.o.Path, errors.Join(err, errMoved))
	}
	x.at.size, x.at.modified = s.Size(), x.o.Clock()
	return nil
}

var errChanged = errors.New("the path names something else than a moment ago")

var errMoved = errors.New("the path names another file now, or none")
