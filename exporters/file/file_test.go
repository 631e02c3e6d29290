package file_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/file"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func exporter(t testing.TB, o file.Options) *file.Exporter {
	t.Helper()
	x, err := file.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return x
}

func export(t testing.TB, x *file.Exporter, changes ...alert.Change) {
	t.Helper()
	if err := x.Export(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func base(t testing.TB, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestRefused are files that may be somebody else's: the destination pauses, and they stay as they are.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(path string) error
		want    string
	}{
		"link": {func(p string) error {
			return errors.Join(os.WriteFile(p+".other", []byte("{}\n"), 0o600), os.Symlink(p+".other", p))
		}, "symbolic link"},
		"dangling link": {func(p string) error { return os.Symlink(p+".nowhere", p) }, "symbolic link"},
		"folder":        {func(p string) error { return os.Mkdir(p, 0o700) }, "found a folder"},
		"pipe":          {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "no regular file"},
		"open to all":   {func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Chmod(p, 0o644)) }, "found mode 0644"},
		"group writes":  {func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Chmod(p, 0o660)) }, "found mode 0660"},
		"another owner": {func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Chown(p, 12345, -1)) }, "found a file of the user 12345"},
		"hard link":     {func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Link(p, p+".other")) }, "2 names"},
		"another text":  {func(p string) error { return os.WriteFile(p, []byte("root:x:0:0\n{}\n"), 0o600) }, "at byte 0"},
		"another end":   {func(p string) error { return os.WriteFile(p, []byte("{}\nroot:x:0"), 0o600) }, "at byte 3"},
		"no line":       {func(p string) error { return os.WriteFile(p, []byte("a text without an end"), 0o600) }, "at byte 0"},
		"open folder":   {func(p string) error { return os.Chmod(filepath.Dir(p), 0o777) }, "everybody can put a file"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "another owner" && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			path := filepath.Join(t.TempDir(), "alerts.ndjson")
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path + ".other")
			content := []byte(nil)
			if s, err := os.Lstat(path); err == nil && s.Mode().IsRegular() {
				content, _ = os.ReadFile(path)
			}
			x := exporter(t, file.Options{Path: path})
			_, looked := x.Look()
			err := x.Export(t.Context(), exportertest.Changes(1, 2))
			var e *exporters.Error
			if !errors.As(err, &e) || e.Kind != exporters.Unauthorized || e.Accepted != 0 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want a pause for %q", err, c.want)
			}
			if strings.Contains(c.want, "at byte") == (looked != nil) {
				t.Errorf("Look: %v", looked)
			}
			if after, _ := os.ReadFile(path + ".other"); !bytes.Equal(before, after) {
				t.Errorf("%q was changed to %q", before, after)
			}
			if s, err := os.Lstat(path); err == nil && s.Mode().IsRegular() {
				if after, _ := os.ReadFile(path); !bytes.Equal(content, after) {
					t.Errorf("%q was changed to %q", content, after)
				}
			}
		})
	}
}

// TestTornLine is cut off and said, and what stands before it stays.
func TestTornLine(t *testing.T) {
	for name, c := range map[string][2]string{
		"half a line": {"{\"a\":1}\n{\"b", "{\"a\":1}\n"}, "nothing else": {"{\"b", ""}, "zeros": {"{\"a\":1}\n\x00\x00\x00", "{\"a\":1}\n"},
		"long": {"{\"a\":1}\n{" + strings.Repeat("x", 200<<10), "{\"a\":1}\n"}, "whole": {"{\"a\":1}\n", "{\"a\":1}\n"},
	} {
		path := filepath.Join(t.TempDir(), "alerts.ndjson")
		if err := os.WriteFile(path, []byte(c[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		x := exporter(t, file.Options{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		export(t, x, exportertest.Change(1))
		got, err := os.ReadFile(path)
		rest, found := bytes.CutPrefix(got, []byte(c[1]))
		if err != nil || !found || !bytes.HasPrefix(rest, []byte(`{"name":"alerts/`)) || bytes.Count(rest, []byte("\n")) != 1 || !bytes.HasSuffix(rest, []byte("}\n")) {
			t.Errorf("%s: %.300q, %v", name, got, err)
		}
		if said := strings.Contains(log.String(), fmt.Sprintf("bytes=%d", len(c[0])-len(c[1]))); said != (c[0] != c[1]) {
			t.Errorf("%s: the log says %q", name, &log)
		}
	}
}

// TestFailuresPass: what goes wrong for a while loses nothing, leaves no half line, and says what it is.
func TestFailuresPass(t *testing.T) {
	for name, c := range map[string]struct {
		break_, mend func(x *file.Exporter, path string) error
		want         string
	}{
		"disk full": {func(x *file.Exporter, _ string) error {
			x.OnWrite(func(f *os.File, b []byte) (int, error) {
				n, _ := f.Write(b[:len(b)/2])
				return n, syscall.ENOSPC
			})
			return nil
		}, func(x *file.Exporter, _ string) error { x.OnWrite((*os.File).Write); return nil }, "disk is full"},
		"folder moved": {func(_ *file.Exporter, p string) error { return os.Rename(filepath.Dir(p), filepath.Dir(p)+".away") },
			func(_ *file.Exporter, p string) error { return os.Rename(filepath.Dir(p)+".away", filepath.Dir(p)) }, "does not exist"},
		"permission lost": {func(x *file.Exporter, _ string) error {
			x.OnWrite(func(*os.File, []byte) (int, error) { return 0, syscall.EACCES })
			return nil
		}, func(x *file.Exporter, _ string) error { x.OnWrite((*os.File).Write); return nil }, "look at the owner"},
		"removed in between": {func(x *file.Exporter, p string) error {
			x.OnStep(func(what string) {
				if what == "written" {
					os.Rename(p, p+".away")
				}
			})
			return nil
		}, func(x *file.Exporter, p string) error { x.OnStep(func(string) {}); return os.Rename(p+".away", p) }, "moved or removed"},
		"locked": {func(_ *file.Exporter, p string) error {
			f, err := os.Open(p)
			if err != nil {
				return err
			}
			locked = f
			return syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		}, func(*file.Exporter, string) error { return locked.Close() }, "another process has it locked"},
	} {
		folder := filepath.Join(t.TempDir(), "out")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "alerts.ndjson")
		x := exporter(t, file.Options{Path: path, LockTimeout: 20 * time.Millisecond})
		export(t, x, exportertest.Changes(1, 3)...)
		if err := c.break_(x, path); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			err := x.Export(t.Context(), exportertest.Changes(4, 3))
			var e *exporters.Error
			if !errors.As(err, &e) || e.Kind != exporters.Retryable || e.Accepted != 0 || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
			if name == "removed in between" {
				break
			}
		}
		if err := c.mend(x, path); err != nil {
			t.Fatal(err)
		}
		export(t, x, exportertest.Changes(4, 3)...)
		want := 6
		if name == "removed in between" { // they came to be in the file that was moved, and nobody was told so
			want = 9
		}
		if got := len(lines(t, folder, "alerts", false)); got != want {
			t.Errorf("%s: %d lines, want %d", name, got, want)
		}
	}
}

var locked *os.File

// TestRemoved: a file that was moved away, as other programs rotate, is followed by a new one.
func TestRemoved(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	x := exporter(t, file.Options{Path: path})
	export(t, x, exportertest.Change(1))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	export(t, x, exportertest.Change(2))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	export(t, x, exportertest.Change(3))
	for _, name := range []string{path, path + ".1"} {
		if s, err := os.Stat(name); err != nil || s.Mode().Perm() != 0o600 || s.Size() == 0 {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

// TestRotation: names sort, also when the clock goes back; the oldest are removed, and nothing that has another name.
func TestRotation(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	others := []string{"alerts-2025.ndjson", "alerts-20251123T080000.000Z.ndjson.bak", "alerts-20251123T080000.000Z.ndjson.gz.1", "alerts-20251323T080000.000Z.ndjson", "alerts.ndjson.1", "alerts2-20251123T080000.000Z.ndjson"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "alerts-20251123T080000.000Z.ndjson"), 0o700); err != nil {
		t.Fatal(err)
	}
	x := exporter(t, file.Options{Path: path, MaxBytes: 4 << 10, Clock: func() time.Time { return now }})
	for n := range 30 {
		export(t, x, exportertest.Changes(1+3*n, 3)...)
		now = now.Add(time.Duration(n%3-1) * time.Second)
	}
	all := lines(t, folder, "alerts-20261", false)
	all = append(all, lines(t, folder, "alerts.ndjson", true)...)
	all = slices.DeleteFunc(all, func(b []byte) bool { return !bytes.HasPrefix(b, []byte("{")) })
	if len(all) != 90 {
		t.Errorf("%d lines", len(all))
	}
	for i, line := range all {
		if want := exportertest.Change(i + 1).ID; !bytes.Contains(line, []byte(want)) {
			t.Fatalf("line %d is not of change %d", i, i+1)
		}
	}
	if err := x.Tidy(t.Context(), 3, true); err != nil {
		t.Fatal(err)
	}
	var rotated []string
	names := base(t, folder)
	for _, name := range names {
		if strings.HasPrefix(name, "alerts-20261") {
			rotated = append(rotated, name)
			if !strings.HasSuffix(name, "Z.ndjson.gz") {
				t.Errorf("%s is not compressed", name)
			}
		}
	}
	if len(rotated) != 3 {
		t.Errorf("kept %v", rotated)
	}
	for _, name := range append(others, "alerts-20251123T080000.000Z.ndjson") {
		if !slices.Contains(names, name) {
			t.Errorf("%s is gone", name)
		}
	}
	kept := lines(t, folder, "alerts-20261", false)
	if len(kept) == 0 || !bytes.Equal(kept[len(kept)-1], all[slices.IndexFunc(all, func(b []byte) bool { return bytes.Equal(b, kept[0]) })+len(kept)-1]) {
		t.Error("the newest were not kept")
	}
}

// TestBackground: a running exporter compresses and removes by itself, and takes up what another left.
func TestBackground(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	left := filepath.Join(folder, "alerts-20251123T080000.000Z.ndjson")
	if err := errors.Join(os.WriteFile(left, []byte("{}\n"), 0o600), os.WriteFile(left+".gz.part", []byte("{}\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	x := exporter(t, file.Options{Path: path, MaxBytes: 4 << 10, Gzip: true, Keep: 4})
	export(t, x, exportertest.Change(1))
	wait := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", what, base(t, folder))
			}
		}
	}
	wait("what was left is compressed", func() bool {
		return slices.Equal(base(t, folder), []string{filepath.Base(left) + ".gz", "alerts.ndjson"})
	})
	for n := range 12 {
		export(t, x, exportertest.Changes(10*n+2, 10)...)
	}
	wait("four are kept", func() bool {
		names := base(t, folder)
		return len(names) == 5 && !slices.ContainsFunc(names[:4], func(s string) bool { return !strings.HasSuffix(s, ".gz") })
	})
}

// TestForeignArchive: what has the name of a compressed file and another content is not overwritten, and nothing is removed for it.
func TestForeignArchive(t *testing.T) {
	folder := t.TempDir()
	rotated := filepath.Join(folder, "alerts-20251123T080000.000Z.ndjson")
	if err := errors.Join(os.WriteFile(rotated, []byte("{}\n"), 0o600), os.WriteFile(rotated+".gz", []byte("theirs"), 0o600)); err != nil {
		t.Fatal(err)
	}
	x := exporter(t, file.Options{Path: filepath.Join(folder, "alerts.ndjson")})
	if err := x.Tidy(t.Context(), 0, true); err == nil || !strings.Contains(err.Error(), rotated) {
		t.Errorf("%v", err)
	}
	a, _ := os.ReadFile(rotated)
	b, _ := os.ReadFile(rotated + ".gz")
	if string(a) != "{}\n" || string(b) != "theirs" {
		t.Errorf("%q and %q", a, b)
	}
}

// TestAge: a file ends with its span of time, when the next line comes, and without one; a restart makes no difference.
func TestAge(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(23 * time.Hour) // the times of files are those of the system
	o := file.Options{Path: path, MaxAge: 24 * time.Hour, Clock: func() time.Time { return now }}
	count := func(want int) {
		t.Helper()
		if got := len(base(t, folder)); got != want {
			t.Errorf("%d files, want %d: %v", got, want, base(t, folder))
		}
	}
	x := exporter(t, o)
	export(t, x, exportertest.Change(1))
	if err := x.Keep(t.Context()); err != nil {
		t.Error(err)
	}
	count(1)
	now = now.Add(time.Hour)
	export(t, x, exportertest.Change(2))
	count(2)
	now = now.Add(24 * time.Hour)
	for range 2 { // the second finds an empty file
		if err := x.Keep(t.Context()); err != nil {
			t.Error(err)
		}
	}
	count(3)
	export(t, x, exportertest.Change(3))
	now = now.Add(48 * time.Hour)
	restarted := exporter(t, o)
	if err := restarted.Keep(t.Context()); err != nil {
		t.Error(err)
	}
	count(4)
	if got := len(lines(t, folder, "alerts", false)); got != 3 {
		t.Errorf("%d lines", got)
	}
}

// TestGroup: whoever may read a file may read the next.
func TestGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.ndjson")
	x := exporter(t, file.Options{Path: path, MaxBytes: 4 << 10})
	export(t, x, exportertest.Change(1))
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	export(t, x, exportertest.Changes(2, 20)...)
	_ = x.Close(t.Context())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	export(t, exporter(t, file.Options{Path: path}), exportertest.Change(30))
	for _, name := range base(t, filepath.Dir(path)) {
		if s, err := os.Stat(filepath.Join(filepath.Dir(path), name)); err != nil || s.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", name, s.Mode(), err)
		}
	}
}

// TestTwoProcesses: one that writes beside the other, as sealwatch doctor does, takes nothing from it.
func TestTwoProcesses(t *testing.T) {
	folder := t.TempDir()
	var running sync.WaitGroup
	for p := range 3 {
		x := exporter(t, file.Options{Path: filepath.Join(folder, "alerts.ndjson"), MaxBytes: 6 << 10, Gzip: true, LockTimeout: time.Minute})
		running.Go(func() {
			for n := range 20 {
				if err := x.Export(t.Context(), exportertest.Changes(1000*p+3*n, 3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	x := exporter(t, file.Options{Path: filepath.Join(folder, "alerts.ndjson")})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err := x.Tidy(t.Context(), 0, true); err != nil {
			t.Fatal(err)
		}
		if names, _ := filepath.Glob(filepath.Join(folder, "*Z.ndjson*")); !slices.ContainsFunc(names, func(s string) bool { return !strings.HasSuffix(s, ".gz") }) {
			break
		}
	}
	seen := map[string]int{}
	for _, line := range lines(t, folder, "alerts", false) {
		var d exporters.Document
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		seen[d.Name]++
	}
	if len(seen) != 180 {
		t.Errorf("%d alerts, want 180", len(seen))
	}
}

// TestMadeAndMovedMeanwhile: another process makes the file, or moves it, between the look at the path and the opening.
func TestMadeAndMovedMeanwhile(t *testing.T) {
	for _, there := range []bool{false, true} {
		folder := t.TempDir()
		path := filepath.Join(folder, "alerts.ndjson")
		if there {
			export(t, exporter(t, file.Options{Path: path}), exportertest.Changes(1, 1)...)
		}
		x, times := exporter(t, file.Options{Path: path}), 0
		x.OnStep(func(what string) {
			if what != "looked" || times > 0 {
				return
			}
			times++
			if there {
				if err := os.Rename(path, path+".1"); err != nil {
					t.Error(err)
				}
			} else {
				export(t, exporter(t, file.Options{Path: path}), exportertest.Changes(1, 1)...)
			}
		})
		export(t, x, exportertest.Changes(2, 1)...)
		if got := len(lines(t, folder, "alerts", false)); times != 1 || got != 2 { // also those of the file that was moved
			t.Errorf("there before: %v: %d lines, want 2", there, got)
		}
	}
}

// TestWholeAlerts: a long alert stays whole where a file has room for it, in either format.
func TestWholeAlerts(t *testing.T) {
	for _, name := range []string{format.JSON, format.OCSF} {
		encoder, err := format.New(name, payload.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		c := exportertest.Changes(1, 3)
		c[1].Evidence = `{"text":"` + strings.Repeat("x", 9<<20) + `"}`
		export(t, exporter(t, file.Options{Path: filepath.Join(folder, "alerts.ndjson"), Payload: encoder}), c...)
		for i, line := range lines(t, folder, "alerts", false) {
			if long := len(line) > 9<<20; !json.Valid(line) || long != (i == 1) || bytes.Contains(line, []byte("truncated")) {
				t.Errorf("%s: line %d has %d bytes", name, i, len(line))
			}
		}
	}
}

func TestOptions(t *testing.T) {
	cef, err := format.New(format.CEF, payload.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]file.Options{
		"name of a file":         {},
		"none of a rotated file": {Path: "/x/alerts-20261123T080000.000Z.ndjson"},
		"rotated file was":       {Path: "/x/alerts.gz"},
		"json or ocsf":           {Path: "/x/a", Payload: cef},
		"4096 at least":          {Path: "/x/a", MaxBytes: 1},
		"a second at least":      {Path: "/x/a", MaxAge: 1},
		"0 or more":              {Path: "/x/a", Keep: -1},
	} {
		if _, err := file.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
