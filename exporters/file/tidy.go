package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// tidying is what the last attempt to compress and to remove rotated files came to.
type tidying struct {
	mu     sync.Mutex
	failed string // empty when it came to its end
}

// tidy has rotated files compressed and the oldest removed, beside what is written.
func (x *Exporter) tidy() {
	if !x.o.Gzip && x.o.Keep == 0 {
		return
	}
	x.once.Do(func() {
		x.background.Go(func() {
			for {
				select {
				case <-x.ctx.Done():
					return
				case <-x.wake:
					x.tidied(tidyArchive(x.ctx, x.names, x.o.Keep, x.o.Gzip, x.step))
				}
			}
		})
	})
	select {
	case x.wake <- struct{}{}:
	default: // it is to be done already
	}
}

// tidyAgain tries again what failed.
func (x *Exporter) tidyAgain() {
	x.tidying.mu.Lock()
	failed := x.tidying.failed != ""
	x.tidying.mu.Unlock()
	if failed {
		x.tidy()
	}
}

// tidied says once what went wrong.
func (x *Exporter) tidied(err error) {
	text := ""
	if err != nil && x.ctx.Err() == nil {
		text = err.Error()
	}
	x.tidying.mu.Lock()
	known := x.tidying.failed == text
	x.tidying.failed = text
	x.tidying.mu.Unlock()
	if text != "" && !known {
		x.o.Logger.ErrorContext(x.ctx, "rotated files cannot be compressed or removed; alerts are written all the same, and it is tried again", slog.String("path", x.o.Path), slog.Any("error", err))
	}
}

// tidyArchive removes all but the newest keep rotated files (0 keeps all), and compresses those that are not.
func tidyArchive(ctx context.Context, n names, keep int, compress bool, step func(string)) error {
	all, err := n.archive()
	if err != nil {
		return err
	}
	var errs []error
	whole := 0
	for _, a := range all {
		if a.plain || a.compressed {
			whole++
		}
	}
	for i := range all {
		a := &all[i]
		if !a.plain && !a.compressed { // the file was removed while it was compressed
			errs = append(errs, remove(a.path+partSuffix))
			continue
		}
		old := keep > 0 && whole > keep
		switch whole--; {
		case old:
			for suffix, there := range map[string]bool{"": a.plain, compressedSuffix: a.compressed, partSuffix: a.unfinished} {
				if there {
					errs = append(errs, remove(a.path+suffix))
				}
			}
		case compress && a.plain:
			if err := pack(ctx, a.path, step); err != nil {
				errs = append(errs, fmt.Errorf("compressing %s: %w", a.path, err))
			}
		}
	}
	return errors.Join(append(errs, syncFolder(n.folder))...)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// pack puts PATH.gz in the place of a file, and at each moment one of the two is whole.
func pack(ctx context.Context, path string, step func(string)) error {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if mine, err := tryLock(f); err != nil || !mine {
		return err // another process compresses it
	}
	s, err := f.Stat()
	if err != nil {
		return err
	}
	if !s.Mode().IsRegular() {
		return errors.New("found no regular file")
	}
	to := path + compressedSuffix
	if _, err := os.Lstat(to); err == nil { // the process ended before it removed the file, or somebody has put one there
		if err := equal(ctx, f, to); err != nil {
			return fmt.Errorf("%s exists and has something else, so that both stay: %w", to, err)
		}
	} else if err := deflate(ctx, f, s, path, step); err != nil {
		return err
	}
	step("packed")
	return remove(path)
}

// deflate writes PATH.gz.part, makes it durable, and names it PATH.gz.
func deflate(ctx context.Context, f io.Reader, s fs.FileInfo, path string, step func(string)) (err error) {
	part := path + partSuffix
	if err := remove(part); err != nil {
		return err
	}
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, ownMode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(part))
		}
	}()
	_, group, _ := owner(s)
	if out.Chown(-1, group) == nil {
		_ = out.Chmod(s.Mode().Perm()) // as it is, it is more private
	}
	step("packing")
	z := gzip.NewWriter(out)
	z.ModTime = s.ModTime()
	_, err = io.Copy(z, &reader{ctx, f})
	if err = errors.Join(err, z.Close(), out.Sync(), out.Close()); err != nil {
		return err
	}
	step("part")
	if err := os.Chtimes(part, s.ModTime(), s.ModTime()); err != nil {
		return err
	}
	if err := os.Rename(part, path+compressedSuffix); err != nil {
		return err
	}
	return syncFolder(namesOf(path).folder)
}

// equal says that a compressed file has the same content.
func equal(ctx context.Context, f io.Reader, compressed string) error {
	g, err := os.OpenFile(compressed, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return err
	}
	defer func() { _ = g.Close() }()
	z, err := gzip.NewReader(g)
	if err != nil {
		return err
	}
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for plain := (&reader{ctx, f}); ; {
		n, errA := fill(plain, a)
		m, errB := fill(z, b)
		switch {
		case errA != nil && !errors.Is(errA, io.EOF):
			return errA
		case errB != nil && !errors.Is(errB, io.EOF):
			return errB
		case !bytes.Equal(a[:n], b[:m]):
			return errors.New("the contents differ")
		case errA != nil: // and so has the other, which had as much
			return nil
		}
	}
}

// fill reads until p is full. Unlike io.ReadFull it tells the end of a file from one that is cut off.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

// reader ends with a context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
