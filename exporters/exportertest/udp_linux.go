package exportertest

import "syscall"

const muchBuffer = 16 << 20

// enlarge takes as much as the system gives where it has no right to force it.
func enlarge(fd int) {
	if syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, muchBuffer) != nil {
		_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, muchBuffer)
	}
}
