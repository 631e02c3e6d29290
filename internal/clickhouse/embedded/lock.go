package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DirectoryInUseError says that another process owns a data directory.
type DirectoryInUseError struct {
	Dir string
	PID int // 0 when the owner left no number
}

// Error implements error.
func (e *DirectoryInUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("data directory %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("data directory %s is in use by process %d", e.Dir, e.PID)
}

// lockPatience is how long a lock that another process holds is waited for: a
// killed process holds it until the kernel has taken its memory back.
const lockPatience = 2 * time.Second

// lockDirectory makes this process the owner of the data directory until it
// ends, however it ends: the lock belongs to the open file, which survives
// the execution of another program and is gone with the process.
func lockDirectory(l layout) (*os.File, error) {
	f, err := os.OpenFile(l.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of data directory %s: %w", l.root, err)
	}
	err = flock(f)
	for start := time.Now(); errors.Is(err, unix.EWOULDBLOCK) && time.Since(start) < lockPatience; err = flock(f) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, unix.EWOULDBLOCK) {
			text, _ := io.ReadAll(io.LimitReader(f, 32))
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return nil, &DirectoryInUseError{Dir: l.root, PID: pid}
		}
		return nil, fmt.Errorf("lock data directory %s: %w", l.root, err)
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("write the owner of data directory %s: %w", l.root, err)
		}
	}
	return f, nil
}

func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
