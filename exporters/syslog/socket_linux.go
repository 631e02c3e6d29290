package syslog

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// control makes the system give a connection up when what was sent stays unacknowledged for so long.
func control(patience time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(patience.Milliseconds()))
		})
		if err != nil {
			return err
		}
		return failed
	}
}
