package build

import (
	"runtime"
	"testing"
)

func TestDescribe(t *testing.T) {
	vcs := map[string]string{"vcs.revision": "abc123", "vcs.modified": "true"}
	for _, c := range []struct {
		name                    string
		version, commit, module string
		settings                map[string]string
		wantVersion, wantCommit string
	}{
		{"linker wins", "1.2.3", "f00", "v9.9.9", vcs, "1.2.3", "f00"},
		{"toolchain", "", "", "v1.0.0", vcs, "v1.0.0", "abc123+dirty"},
		{"working tree", "", "", "(devel)", map[string]string{"vcs.revision": "abc123"}, "devel", "abc123"},
		{"nothing known", "", "", "", nil, "devel", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := describe(c.version, c.commit, c.module, c.settings)
			want := Info{Version: c.wantVersion, Commit: c.wantCommit, GoVersion: runtime.Version()}
			if got != want {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		})
	}
	if Read().Version == "" {
		t.Fatal("Read has no version")
	}
}
