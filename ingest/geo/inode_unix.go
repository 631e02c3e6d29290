//go:build unix

package geo

import (
	"os"
	"syscall"
)

// inode tells a file from another one that was renamed over it.
func inode(s os.FileInfo) uint64 {
	if x, ok := s.Sys().(*syscall.Stat_t); ok {
		return x.Ino
	}
	return 0
}
