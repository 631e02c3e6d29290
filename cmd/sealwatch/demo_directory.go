package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// demoMarker is the file by which a directory is known to be a demo's.
const demoMarker = ".sealwatch-demo"

// demoDirectory makes an empty directory for the demo, which owns it until the returned marker is closed. One that holds
// anything is emptied only when an earlier demo left its marker there and no demo runs in it; otherwise it is an error.
func demoDirectory(name string) (string, *os.File, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", nil, fmt.Errorf("--dir: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("--dir: %w", err)
	}
	if len(entries) > 0 {
		if s, err := os.Lstat(filepath.Join(dir, demoMarker)); err != nil || !s.Mode().IsRegular() {
			return "", nil, fmt.Errorf("--dir: %s holds files that no demo made; expected an empty directory, or one of an earlier demo", dir)
		}
	}
	marker, err := ownDirectory(dir)
	if err != nil {
		return "", nil, err
	}
	if err := emptyDirectory(dir, entries); err != nil {
		_ = marker.Close()
		return "", nil, err
	}
	return dir, marker, nil
}

// ownDirectory makes the directory with its marker, and locks that.
func ownDirectory(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	marker, err := os.OpenFile(filepath.Join(dir, demoMarker), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	if err := unix.Flock(int(marker.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil { //nolint:gosec // a file descriptor is small
		_ = marker.Close()
		return nil, fmt.Errorf("--dir: another demo runs in %s; stop it, or name another directory", dir)
	}
	if _, err := marker.WriteAt([]byte("made by sealwatch demo, which empties this directory when it starts\n"), 0); err != nil {
		_ = marker.Close()
		return nil, fmt.Errorf("--dir: %w", err)
	}
	return marker, nil
}

// emptyDirectory removes the entries but the marker, which goes on saying whose this is, should the rest fail.
func emptyDirectory(dir string, entries []fs.DirEntry) error {
	for _, e := range entries {
		if e.Name() == demoMarker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("emptying the demo's directory: %w", err)
		}
	}
	return nil
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
