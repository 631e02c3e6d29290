package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// LibraryName is the file name of the engine's library.
const LibraryName = "libchdb.so"

// packageDirectory is where the package manager puts the library, below the
// directory that holds node_modules.
func packageDirectory() string {
	architecture := runtime.GOARCH
	if architecture == "amd64" {
		architecture = "x64"
	}
	return filepath.Join("node_modules", "@chdb", "lib-linux-"+architecture+"-gnu")
}

// FindLibrary looks for the engine's library: the path in the environment
// variable SEALWATCH_ENGINE_LIBRARY; beside the executable, in ../lib and in
// ../lib/sealwatch from there; then in tools/node_modules of the working
// directory and each directory above it, as in a source tree.
func FindLibrary() (string, error) {
	if path := os.Getenv("SEALWATCH_ENGINE_LIBRARY"); path != "" {
		if !isFile(path) {
			return "", fmt.Errorf("SEALWATCH_ENGINE_LIBRARY names %s, which is no file", path)
		}
		return path, nil
	}
	var tried []string
	if executable, err := os.Executable(); err == nil {
		at := filepath.Dir(executable)
		for _, directory := range []string{at, filepath.Join(at, "..", "lib"), filepath.Join(at, "..", "lib", "sealwatch")} {
			tried = append(tried, filepath.Join(directory, LibraryName))
		}
	}
	if directory, err := os.Getwd(); err == nil {
		for {
			tried = append(tried, filepath.Join(directory, "tools", packageDirectory(), LibraryName))
			parent := filepath.Dir(directory)
			if parent == directory {
				break
			}
			directory = parent
		}
	}
	for _, path := range tried {
		if isFile(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("the engine's library was not found; name it with SEALWATCH_ENGINE_LIBRARY (looked for %s)", strings.Join(tried, ", "))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
