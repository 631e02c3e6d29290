package app_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

// file is a file that becomes full now and then, and that another program moves away.
func (w *week) file(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	folder := w.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	d.settings.File = &config.FileDestination{Path: path, MaxBytes: 64 << 10}
	moves := 0
	d.disturb = func(chance *rand.Rand) string {
		if chance.IntN(2) == 0 || os.Rename(path, filepath.Join(folder, fmt.Sprintf("moved-%d", moves))) != nil {
			return ""
		}
		moves++
		return "is moved away"
	}
	d.collect = func() {
		came, err := readFolder(folder)
		if err != nil {
			d.unreadable("%v", err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.came = came
	}
	return d
}

// readFolder reads the lines of all files in the order in which they were written; a last line without its end is left out.
func readFolder(folder string) (all []arrival, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	type written struct {
		name string
		at   time.Time
	}
	var files []written
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // rotated meanwhile
		}
		files = append(files, written{e.Name(), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b written) int { return a.at.Compare(b.at) })
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(folder, f.name))
		if err != nil {
			continue
		}
		lines := strings.Split(string(text), "\n")
		for _, line := range lines[:len(lines)-1] {
			id, sequence, t, err := readDocument(line)
			if errors.Is(err, errHeartbeat) {
				continue
			}
			if err != nil {
				return all, fmt.Errorf("%s: %w in %q", f.name, err, line)
			}
			all = append(all, arrival{id, sequence, t, int64(len(all))}) // nobody knows of which process it is
		}
	}
	return all, nil
}
