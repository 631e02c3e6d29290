package embedded

import "golang.org/x/sys/unix"

const (
	auditArchitecture = unix.AUDIT_ARCH_X86_64
	// callNumberLimit keeps out the x32 interface, whose numbers carry this bit.
	callNumberLimit = 0x40000000
)

// refusedCallsHere are calls that only this architecture has.
var refusedCallsHere = []uint32{
	unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_USELIB, unix.SYS_MODIFY_LDT,
}
