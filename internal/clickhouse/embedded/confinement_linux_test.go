package embedded

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// TestEveryThreadIsConfined reads the kernel's view of each of the child's
// threads.
func TestEveryThreadIsConfined(t *testing.T) {
	e := useShared(t)
	mustExec(t, connect(t, e), "SELECT count() FROM numbers_mt(1000000)")
	if !e.Status().Confinement.Complete() {
		t.Fatalf("not confined: %+v", e.Status().Confinement)
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", e.PID()))
	if err != nil || len(tasks) < 5 {
		t.Fatalf("threads: %v, %v", tasks, err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if os.IsNotExist(err) {
			continue // the thread has ended
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"\nSeccomp:\t2\n", "\nNoNewPrivs:\t1\n"} {
			if !bytes.Contains(status, []byte(line)) {
				t.Errorf("%s has no %q", task, line)
			}
		}
	}
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", e.PID()))
	if err != nil || len(environment) != 0 {
		t.Errorf("the child's environment is %q (%v)", environment, err)
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", e.PID()))
	if err != nil || bytes.Contains(arguments, []byte(e.Password())) || bytes.Contains(arguments, []byte(e.ReaderPassword())) {
		t.Errorf("the child's arguments show a password, or %v", err)
	}
}

// TestFilterProgram runs the filter on calls, with the kernel's interpreter
// replaced by Go's, which takes words in network order.
func TestFilterProgram(t *testing.T) {
	raw, err := filterProgram(4711)
	if err != nil {
		t.Fatal(err)
	}
	instructions, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("the program holds unknown instructions")
	}
	vm, err := bpf.NewVM(instructions)
	if err != nil {
		t.Fatal(err)
	}
	const allow, refuse, absent = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO | int(unix.EPERM), unix.SECCOMP_RET_ERRNO | int(unix.ENOSYS)
	for _, c := range []struct {
		name                           string
		architecture, number, argument uint32
		want                           int
	}{
		{"read", auditArchitecture, unix.SYS_READ, 0, allow},
		{"accept4", auditArchitecture, unix.SYS_ACCEPT4, 0, allow},
		{"futex", auditArchitecture, unix.SYS_FUTEX, 0, allow},
		{"socket", auditArchitecture, unix.SYS_SOCKET, unix.AF_INET, refuse},
		{"connect", auditArchitecture, unix.SYS_CONNECT, 0, refuse},
		{"execve", auditArchitecture, unix.SYS_EXECVE, 0, refuse},
		{"last in the list", auditArchitecture, refusedCallsHere[len(refusedCallsHere)-1], 0, refuse},
		{"io_uring_setup", auditArchitecture, unix.SYS_IO_URING_SETUP, 0, refuse},
		{"a thread", auditArchitecture, unix.SYS_CLONE, unix.CLONE_THREAD | unix.CLONE_VM, allow},
		{"a process", auditArchitecture, unix.SYS_CLONE, uint32(unix.SIGCHLD), refuse},
		{"clone3", auditArchitecture, unix.SYS_CLONE3, 0, absent},
		{"own thread", auditArchitecture, unix.SYS_TGKILL, 4711, allow},
		{"other's thread", auditArchitecture, unix.SYS_TGKILL, 4712, refuse},
		{"kill itself", auditArchitecture, unix.SYS_KILL, 4711, allow},
		{"kill the parent", auditArchitecture, unix.SYS_KILL, 1, refuse},
		{"kill all", auditArchitecture, unix.SYS_KILL, 0xffffffff, refuse},
		{"other architecture", unix.AUDIT_ARCH_I386, unix.SYS_READ, 0, refuse},
		{"x32", auditArchitecture, 0x40000000 | unix.SYS_READ, 0, refuse},
	} {
		in := make([]byte, 64)
		for offset, value := range map[int]uint32{seccompNumber: c.number, seccompArchitecture: c.architecture, seccompArgument0: c.argument} {
			in[offset], in[offset+1], in[offset+2], in[offset+3] = byte(value>>24), byte(value>>16), byte(value>>8), byte(value)
		}
		if got, err := vm.Run(in); err != nil || got != c.want {
			t.Errorf("%s: %#x (%v), want %#x", c.name, got, err, c.want)
		}
	}
}

// unconfinedArgument makes the test's executable a child that the kernel
// refuses to confine, because it stands under as many rulesets as there may be.
const unconfinedArgument = "engine-child-unconfined"

func init() { programs[unconfinedArgument] = runUnconfined }

func runUnconfined(args []string) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	for range 16 {
		if _, err := restrictThread(1, []pathRule{{"/", ^uint64(0)}}); err != nil {
			return err
		}
	}
	return executeAgain(executable, append([]string{childArgument}, args...))
}

// TestReaderNeedsConfinement starts engines that cannot be confined.
func TestReaderNeedsConfinement(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{false, true} {
		options := testOptions(t)
		options.Command = []string{options.Command[0], unconfinedArgument}
		options.AllowUnconfined, options.PublishReader = allow, true
		e := startEngine(t, options)
		status := e.Status()
		if status.Confinement.Complete() || status.Confinement.Problem == "" || status.ReaderOffered != allow {
			t.Errorf("allowed %v: %+v", allow, status)
		}
		f, err := ReadFile(options.DataDir)
		if err != nil || (f.User != "") != allow || (f.Password != "") != allow || (e.ReaderPassword() != "") != allow {
			t.Errorf("allowed %v: engine.json %+v (%v)", allow, f, err)
		}
		want := 401
		if allow {
			want = 200
		}
		if status, body := post(t, e, UserReader, e.config.ReaderPassword, "SELECT 1", nil); status != want {
			t.Errorf("allowed %v: the reader got %d %q", allow, status, body)
		}
		if got := queryOne[uint8](t, connect(t, e), "SELECT 1"); got != 1 {
			t.Error("the full user cannot work")
		}
	}
}
