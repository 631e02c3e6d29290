package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// demoMarker is the file by which a directory is known to be a demo's.
const demoMarker = ".sealwatch-demo"

// demoDirectory makes an empty directory for the demo. One that holds anything is emptied only when an earlier demo left
// its marker there; otherwise it is an error.
func demoDirectory(name string) (string, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("--dir: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("--dir: %w", err)
	}
	if len(entries) > 0 {
		if s, err := os.Lstat(filepath.Join(dir, demoMarker)); err != nil || !s.Mode().IsRegular() {
			return "", fmt.Errorf("--dir: %s holds files that no demo made; expected an empty directory, or one of an earlier demo", dir)
		}
		for _, e := range entries {
			if e.Name() == demoMarker {
				continue // goes on saying whose this is, should the rest fail
			}
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return "", fmt.Errorf("emptying the demo's directory: %w", err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("--dir: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, demoMarker), []byte("made by sealwatch demo, which empties this directory when it starts\n"), 0o600); err != nil {
		return "", fmt.Errorf("--dir: %w", err)
	}
	return dir, nil
}

// freeAddress is the address itself, or its host with port 0 when the port is taken.
func freeAddress(address string) string {
	l, err := net.Listen("tcp", address)
	if err == nil {
		_ = l.Close()
		return address
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(host, "0")
}
