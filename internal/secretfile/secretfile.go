// Package secretfile reads files that hold a secret. It imports the standard library only.
package secretfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// Read reads a file of at most limit bytes. One that other users of the machine can read is refused, and one that the group can
// write; that the group may read it is how container platforms mount secrets. What names the secret. No error holds any of the file.
func Read(what, name string, limit int) ([]byte, error) {
	s, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: expected an existing file: %w", what, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if !s.Mode().IsRegular() { // before it is opened, because opening a pipe waits for whoever writes
		return nil, irregular(what, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = f.Close() }()
	if s, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if !s.Mode().IsRegular() {
		return nil, irregular(what, name)
	}
	if mode := s.Mode().Perm(); runtime.GOOS != "windows" && mode&0o037 != 0 {
		return nil, fmt.Errorf("%s %s: found mode %04o, expected 0600 or 0640 at most: others can read or change it; run chmod 600 %s, and make a new one if anybody may have read it", what, name, mode, name)
	}
	text, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%s %s: found more than %d bytes", what, name, limit)
	}
	return text, nil
}

func irregular(what, name string) error {
	return fmt.Errorf("%s %s: found no regular file", what, name)
}
