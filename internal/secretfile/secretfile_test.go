package secretfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	linked := filepath.Join(dir, "linked") // as platforms mount secrets
	if err := os.Symlink(write("mounted", "hush", 0o440), linked); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{linked, write("own", "hush", 0o600)} {
		if text, err := secretfile.Read("token", name, 4); string(text) != "hush" || err != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	wrong := map[string]string{
		filepath.Join(dir, "none"):     "no such file",
		dir:                            "token " + dir + ": found no regular file",
		write("long", "hushed", 0o600): "found more than 4 bytes",
	}
	if runtime.GOOS != "windows" {
		wrong[os.DevNull] = "found no regular file"
		wrong[write("open", "hush", 0o644)] = "found mode 0644, expected 0600 or 0640 at most"
		wrong[write("shared", "hush", 0o660)] = "found mode 0660"
	}
	for name, words := range wrong {
		if text, err := secretfile.Read("token", name, 4); err == nil || text != nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %q, %v; expected %q", name, text, err, words)
		}
	}
}
