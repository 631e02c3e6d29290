// Package build says what was built.
package build

import (
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker: -ldflags "-X github.com/sealwatch/sealwatch/internal/build.version=1.2.3".
var version, commit string

// Info is what was built.
type Info struct {
	// Version is a release, or "devel" for a build from a working tree.
	Version string `json:"version"`
	// Commit is the revision, with "+dirty" when files had changed; "unknown" where the build did not record it.
	Commit    string `json:"commit"`
	GoVersion string `json:"goVersion"`
}

// Read returns what the linker was told, and otherwise what the Go toolchain recorded.
func Read() Info {
	module, settings := "", map[string]string{}
	if b, ok := debug.ReadBuildInfo(); ok {
		module = b.Main.Version
		for _, s := range b.Settings {
			settings[s.Key] = s.Value
		}
	}
	return describe(version, commit, module, settings)
}

// describe chooses between the sources.
func describe(version, commit, module string, settings map[string]string) Info {
	i := Info{Version: version, Commit: commit, GoVersion: runtime.Version()}
	if i.Version == "" && module != "(devel)" {
		i.Version = module
	}
	if i.Version == "" {
		i.Version = "devel"
	}
	if i.Commit == "" {
		i.Commit = settings["vcs.revision"]
		if i.Commit != "" && settings["vcs.modified"] == "true" {
			i.Commit += "+dirty"
		}
	}
	if i.Commit == "" {
		i.Commit = "unknown"
	}
	return i
}
