package embedded

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// confinementRules are the paths that the engine's process keeps: its data for
// writing; for reading its configuration, what ClickHouse wants to know of
// the machine, and the files that this very program is loaded from. /proc as
// a whole would show other processes' environments.
func confinementRules(l layout, executable, library string) []pathRule {
	rules := []pathRule{
		{l.data(), accessWrite},
		{l.config(), accessList},
		{"/sys/fs/cgroup", accessList}, {"/sys/devices/system", accessList}, {"/usr/share/zoneinfo", accessList},
		{executable, accessExecute}, {library, accessRead}, {"/etc/ld.so.cache", accessRead},
		{"/dev/null", accessRead | accessWrite},
	}
	for _, name := range []string{"/dev/urandom", "/dev/random",
		"/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/uptime", "/proc/mounts",
		"/proc/self/maps", "/proc/self/statm", "/proc/self/stat", "/proc/self/status", "/proc/self/mountinfo", "/proc/self/cgroup"} {
		rules = append(rules, pathRule{name, accessRead})
	}
	for _, object := range sharedObjects(library) {
		rules = append(rules, pathRule{object, accessExecute})
	}
	return rules
}

// sharedObjects are the system's libraries that this process and the engine's
// library are loaded from, the program loader included.
func sharedObjects(library string) []string {
	found := map[string]bool{}
	directories := map[string]bool{"/lib64": true, "/lib": true, "/usr/lib64": true, "/usr/lib": true}
	if maps, err := os.Open("/proc/self/maps"); err == nil {
		lines := bufio.NewScanner(maps)
		for lines.Scan() {
			if at := strings.IndexByte(lines.Text(), '/'); at >= 0 && strings.Contains(lines.Text()[at:], ".so") {
				found[lines.Text()[at:]] = true
				directories[filepath.Dir(lines.Text()[at:])] = true
			}
		}
		_ = maps.Close()
	}
	if object, err := elf.Open(library); err == nil {
		needed, _ := object.ImportedLibraries()
		_ = object.Close()
		for _, name := range needed {
			for directory := range directories {
				if path := filepath.Join(directory, name); isFile(path) {
					found[path] = true
				}
			}
		}
	}
	paths := make([]string, 0, len(found))
	for path := range found {
		paths = append(paths, path)
	}
	return paths
}

// confineAndExecute restricts this process to what the engine needs and starts
// its second image with the given arguments. It returns only on failure; the
// error then says why the process cannot be confined, and it is not.
//
// Landlock on kernels before 7.0 restricts one thread at a time and offers no
// way to the others, and the Go runtime has threads before any code runs. The
// second image starts with the one restricted thread and inherits from it.
func confineAndExecute(l layout, library string, arguments func(version int) []string) error {
	version, err := landlockVersion()
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the own executable: %w", err)
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		_, err := restrictThread(version, confinementRules(l, executable, library))
		if err == nil {
			err = executeAgain(executable, arguments(version))
		}
		failed <- err
	}()
	return <-failed
}
