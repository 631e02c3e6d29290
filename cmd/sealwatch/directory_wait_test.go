package main

import (
	"strings"
	"testing"
)

// TestDirectoryImportWaits: with --wait, whoever is looked at again has been looked at when the command returns.
func TestDirectoryImportWaits(t *testing.T) {
	f := &fake{}
	address := f.serve(t)
	for _, c := range []struct {
		flags  []string
		behind int
	}{{nil, 3}, {[]string{"--wait"}, 0}, {[]string{"--wait", "--dry-run"}, 3}} {
		f.behind = 3
		code, out, errs := invoke(t, t.Context(), &process{in: strings.NewReader("id,displayName\n1,Ann\n")}, append([]string{"directory", "import", "--addr", address, "--source", "hr", "-"}, c.flags...)...)
		f.mu.Lock()
		behind := f.behind
		f.mu.Unlock()
		if code != exitOK || behind != c.behind || !strings.Contains(out, "1 new") {
			t.Errorf("%v: exit %d, the analysis has %d of three rounds left, expected %d\n%s%s", c.flags, code, behind, c.behind, out, errs)
		}
	}
	if code, _, errs := invoke(t, t.Context(), &process{}, "directory", "import", "--addr", address, "--source", "hr", "--retry-for", "0s", "-"); code != exitUsage || !strings.Contains(errs, "--retry-for") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
