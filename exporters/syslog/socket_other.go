//go:build !linux

package syslog

import (
	"syscall"
	"time"
)

// control does nothing where the system has no such time-out: keepalive alone finds a dead peer.
func control(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
