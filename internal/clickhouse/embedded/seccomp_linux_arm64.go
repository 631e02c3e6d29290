package embedded

import "golang.org/x/sys/unix"

const (
	auditArchitecture = unix.AUDIT_ARCH_AARCH64
	callNumberLimit   = 0x40000000
)

// refusedCallsHere are calls that only this architecture has.
var refusedCallsHere = []uint32{unix.SYS_KEXEC_FILE_LOAD}
