package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stampLayout of a rotated file's name: its order is that of the times.
const stampLayout = "20060102T150405.000Z"

const (
	compressedSuffix = ".gz"
	partSuffix       = ".gz.part"
)

// names of a file and of those that were rotated: alerts.ndjson, alerts-20261123T080000.000Z.ndjson, and that with .gz.
type names struct{ folder, stem, extension string }

func namesOf(path string) names {
	base := filepath.Base(path)
	n := names{folder: filepath.Dir(path), extension: filepath.Ext(base)}
	if n.stem = strings.TrimSuffix(base, n.extension); n.stem == "" {
		n.stem, n.extension = base, ""
	}
	return n
}

// Name says whether a file may have the name: that of a rotated or of a compressed file would make two of one.
func Name(base string) bool {
	if strings.HasSuffix(base, compressedSuffix) || strings.HasSuffix(base, partSuffix) {
		return false
	}
	stem := namesOf(base).stem
	if len(stem) <= len(stampLayout) {
		return true
	}
	_, err := time.Parse(stampLayout, stem[len(stem)-len(stampLayout):])
	return err != nil
}

func (n names) rotated(at time.Time) string {
	return filepath.Join(n.folder, n.stem+"-"+at.UTC().Format(stampLayout)+n.extension)
}

// archived is a rotated file: as it was, compressed, or both, and what a compression left that did not come to its end.
type archived struct {
	path                          string // without a suffix of compression
	at                            time.Time
	plain, compressed, unfinished bool
}

// of reads a name. Whatever is not exactly as rotated writes it is somebody else's.
func (n names) of(base string) (a archived, ok bool) {
	if s, found := strings.CutSuffix(base, partSuffix); found {
		base, a.unfinished = s, true
	} else if s, found := strings.CutSuffix(base, compressedSuffix); found {
		base, a.compressed = s, true
	} else {
		a.plain = true
	}
	stamp, found := strings.CutPrefix(base, n.stem+"-")
	stamp, ended := strings.CutSuffix(stamp, n.extension)
	at, err := time.Parse(stampLayout, stamp)
	if !found || !ended || err != nil || at.Format(stampLayout) != stamp {
		return archived{}, false
	}
	a.at, a.path = at, filepath.Join(n.folder, base)
	return a, true
}

// archive lists the rotated files, the oldest first. What has the name of one and is no regular file is left out.
func (n names) archive() ([]archived, error) {
	entries, err := os.ReadDir(n.folder)
	if err != nil {
		return nil, err
	}
	var all []archived
	for _, e := range entries {
		a, ok := n.of(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if i := slices.IndexFunc(all, func(b archived) bool { return b.path == a.path }); i >= 0 {
			b := &all[i]
			b.plain, b.compressed, b.unfinished = b.plain || a.plain, b.compressed || a.compressed, b.unfinished || a.unfinished
			continue
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b archived) int { return a.at.Compare(b.at) })
	return all, nil
}

// newest is the rotated file that was named last; nil without one.
func (n names) newest() fs.FileInfo {
	all, err := n.archive()
	if err != nil || len(all) == 0 {
		return nil
	}
	last := &all[len(all)-1]
	for suffix, there := range map[string]bool{"": last.plain, compressedSuffix: last.compressed} {
		if s, err := os.Lstat(last.path + suffix); there && err == nil {
			return s
		}
	}
	return nil
}

// next is a name that nothing has and that sorts behind those of all rotated files, whatever the clock says.
func (n names) next(now time.Time) (string, error) {
	entries, err := os.ReadDir(n.folder)
	if err != nil {
		return "", err
	}
	at := now.UTC().Truncate(time.Millisecond)
	for _, e := range entries { // a folder or a link with such a name counts too
		if a, ok := n.of(e.Name()); ok && !a.at.Before(at) {
			at = a.at.Add(time.Millisecond)
		}
	}
	name := n.rotated(at)
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the name %s for the file that is full is taken (%w)", name, errors.Join(err, fs.ErrExist))
	}
	return name, nil
}
