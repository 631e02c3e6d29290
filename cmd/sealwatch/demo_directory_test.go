package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDemoLeavesARunningOneAlone: a directory is emptied only when no demo runs in it.
func TestDemoLeavesARunningOneAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	_, running, err := demoDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if err := os.WriteFile(data, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, second, err := demoDirectory(dir); err == nil {
		_ = second.Close()
		t.Error("a second demo took the directory of a running one")
	}
	if _, err := os.Stat(data); err != nil {
		t.Errorf("the running demo's data: %v", err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	_, again, err := demoDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := os.Stat(data); err == nil {
		t.Error("the ended demo's data is still there")
	}
}
