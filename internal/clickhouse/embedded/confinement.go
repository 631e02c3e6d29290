package embedded

// Confinement says what the kernel keeps from the engine's process.
type Confinement struct {
	// Landlock is the version of the kernel's interface in force, 0 when there
	// is none. From 4 on it covers TCP as well.
	Landlock int `json:"landlock"`
	// Seccomp is true when the filter of system calls is on every thread.
	Seccomp bool `json:"seccomp"`
	// Problem says why one of them is missing, "" when none is.
	Problem string `json:"problem,omitempty"`
}

// Complete reports whether files, sockets and other processes are all out of
// reach.
func (c Confinement) Complete() bool { return c.Landlock > 0 && c.Seccomp }
