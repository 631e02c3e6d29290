package embedded

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock's rights on files, grouped by what the engine needs.
const (
	accessRead    = unix.LANDLOCK_ACCESS_FS_READ_FILE
	accessList    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	accessExecute = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE
	accessWrite   = accessList | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
)

// handledFiles are all rights that each version of the interface knows: a
// right that is handled and not granted by a rule is refused.
var handledFiles = []uint64{1: 1<<13 - 1, 2: 1<<14 - 1, 3: 1<<15 - 1, 4: 1<<15 - 1, 5: 1<<16 - 1}

// fileRights are the rights that make sense for something that is no directory.
const fileRights = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
	unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

// pathRule grants rights on a path and, for a directory, on all beneath it.
type pathRule struct {
	path   string
	access uint64
}

// landlockVersion is the kernel's version of the interface, with an error
// when it has none.
func landlockVersion() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, fmt.Errorf("the kernel offers no Landlock: %w", errno)
	}
	return int(v), nil
}

// restrictThread confines the calling thread, for ever, to the given paths.
// It may open no TCP connection or port and signal no process outside. Only
// this thread and what it starts is confined, so the caller has to be locked
// to it and to execute a program from it. Paths that do not exist are left
// out. The descriptors in pinned have to stay open as long as the process
// lives: the kernel knows a rule's file by its inode, and inodes of /proc are
// made anew when nobody holds them.
func restrictThread(version int, rules []pathRule) (pinned []int, err error) {
	handled := handledFiles[min(version, len(handledFiles)-1)]
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	size := []uintptr{1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 6: 24}[min(version, 6)]
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return nil, fmt.Errorf("create a Landlock ruleset: %w", errno)
	}
	defer func() { _ = unix.Close(int(ruleset)) }()
	for _, rule := range rules {
		fd, err := addRule(int(ruleset), rule, handled)
		if err != nil {
			return nil, err
		}
		if fd >= 0 {
			pinned = append(pinned, fd)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("give up new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return nil, fmt.Errorf("enforce the Landlock ruleset: %w", errno)
	}
	return pinned, nil
}

// addRule returns the open descriptor of the rule's path, which survives the
// execution of a program, or -1 when there is no such path.
func addRule(ruleset int, rule pathRule, handled uint64) (int, error) {
	fd, err := unix.Open(rule.path, unix.O_PATH, 0)
	if err == unix.ENOENT {
		return -1, nil
	}
	if err != nil {
		return -1, fmt.Errorf("confine to %s: %w", rule.path, err)
	}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return -1, fmt.Errorf("confine to %s: %w", rule.path, err)
	}
	access := rule.access & handled
	if info.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= fileRights
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return -1, fmt.Errorf("confine to %s: %w", rule.path, errno)
	}
	return fd, nil
}

// executeAgain replaces this process by itself with other arguments and an
// empty environment. It returns only when that fails.
func executeAgain(executable string, arguments []string) error {
	err := syscall.Exec(executable, append([]string{os.Args[0]}, arguments...), []string{})
	return fmt.Errorf("execute %s again: %w", executable, err)
}
