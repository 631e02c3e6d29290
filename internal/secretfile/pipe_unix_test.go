//go:build unix

package secretfile_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// TestPipe is refused, not waited for.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secretfile.Read("token", pipe, 4); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("%v", err)
	}
}
