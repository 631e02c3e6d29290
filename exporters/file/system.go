package file

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFlags beside those of every system: no link is followed, and no pipe is waited for.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// tryLock takes the file's lock, which ends with the process at the latest; false when another has it.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a descriptor is small
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}

func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) } //nolint:gosec // a descriptor is small

// owner of a file, and how many names it has.
func owner(s fs.FileInfo) (user, group int, names uint64) {
	if t, ok := s.Sys().(*syscall.Stat_t); ok {
		return int(t.Uid), int(t.Gid), uint64(t.Nlink) //nolint:unconvert // the type is another on other systems
	}
	return os.Geteuid(), os.Getegid(), 1
}

// writable says why files cannot be made in a folder, or a file not be written to.
func writable(path string, folder bool) error {
	mode := uint32(unix.W_OK)
	if folder {
		mode |= unix.X_OK
	}
	return unix.Access(path, mode)
}

// free is how many bytes the file system has for us.
func free(folder string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil //nolint:gosec,unconvert // neither is negative; the types are others on other systems
}

// full says whether an error is that of a disk or a quota that is used up.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isLink says whether an open was refused because of a link.
func isLink(err error) bool { return errors.Is(err, syscall.ELOOP) }

// syncFolder makes durable which files a folder has.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
