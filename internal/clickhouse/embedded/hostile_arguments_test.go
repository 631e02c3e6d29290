package embedded

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// part is a table's one part on disk, which hostile requests try to overwrite
// or to read past the reader's rights.
type part struct {
	directory, file string
	sums            map[string][sha256.Size]byte
}

// newPart makes a table of one part in a database that the reader may read or
// not. Merges would replace the part, so there are none.
func newPart(t *testing.T, full driver.Conn, database, value string) *part {
	t.Helper()
	table := quoteIdentifier(database) + ".part"
	mustExec(t, full, "CREATE DATABASE IF NOT EXISTS "+quoteIdentifier(database))
	mustExec(t, full, "CREATE TABLE "+table+" (a String CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple() SETTINGS min_bytes_for_wide_part = 0")
	mustExec(t, full, "SYSTEM STOP MERGES "+table)
	mustExec(t, full, "INSERT INTO "+table+" VALUES ("+quoteLiteral(value)+")")
	p := &part{directory: queryOne[string](t, full, "SELECT path FROM system.parts WHERE table = 'part' AND active AND database = "+quoteLiteral(database))}
	p.file = filepath.Join(p.directory, "a.bin")
	p.sums = p.read(t)
	if _, ok := p.sums[p.file]; !ok {
		t.Fatalf("%s is not among the part's files %v", p.file, slices.Sorted(maps.Keys(p.sums)))
	}
	return p
}

func (p *part) read(t *testing.T) map[string][sha256.Size]byte {
	t.Helper()
	sums := map[string][sha256.Size]byte{}
	err := filepath.WalkDir(p.directory, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		sums[path] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// untouched fails the test when a file of the part has changed, come or gone.
func (p *part) untouched(t *testing.T, after string) {
	t.Helper()
	if now := p.read(t); !maps.Equal(now, p.sums) {
		t.Fatalf("%s\nchanged the part: %d files, were %d", after, len(now), len(p.sums))
	}
}

// settingNames are all settings of the engine.
func settingNames(t *testing.T, full driver.Conn) []string {
	t.Helper()
	names := queryOne[[]string](t, full, "SELECT groupArray(name) FROM system.settings")
	if len(names) < 1000 {
		t.Fatalf("the engine has %d settings only", len(names))
	}
	return names
}

// reviewedSettings is the list that a person has looked through.
func reviewedSettings(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile("testdata/reader_settings.txt")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(content)), "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
}

// namesSomething is a name of a setting that holds a path, an address or text
// that the engine runs.
var namesSomething = regexp.MustCompile(`schema|path|template|file|dir(ectory)?(_|$)|disk|url|registry|expression|filter|dialect|readonly|allow_|introspection`)

// TestReaderSettings asks the rule about every setting of the engine and of
// the reviewed list: the two have to be the same.
func TestReaderSettings(t *testing.T) {
	names, reviewed := settingNames(t, connect(t, useShared(t))), reviewedSettings(t)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(names, reviewed...)))) {
		_, err := readerSettings(map[string]uint64{}, map[string]string{name: "1"})
		switch listed := slices.Contains(reviewed, name); {
		case listed && !slices.Contains(names, name):
			t.Errorf("%s is reviewed, and the engine has no such setting", name)
		case listed && namesSomething.MatchString(name):
			t.Errorf("%s is reviewed, and by its name it steers more than a result's look", name)
		case listed && err != nil:
			t.Errorf("%s is reviewed, and refused: %v", name, err)
		case !listed && err == nil:
			t.Errorf("the reader may set %s, which is not in testdata/reader_settings.txt", name)
		}
	}
}

// TestHostileArguments sends every setting of the engine as an argument of the
// reader, with a part's file as its value and a format that would write a
// schema there or read a template from there.
func TestHostileArguments(t *testing.T) {
	e := startEngine(t, testOptions(t))
	full := connect(t, e)
	p, reviewed := newPart(t, full, "sealwatch", "visible"), reviewedSettings(t)
	names := append(settingNames(t, full), "param_output_format_schema", "profile", "role", "session_id", "no such setting")
	for _, name := range names {
		formats := []string{"Protobuf"}
		if namesSomething.MatchString(name) || slices.Contains(reviewed, name) {
			formats = append(formats, "ProtobufSingle", "ProtobufList", "CapnProto", "Template", "CustomSeparated", "TabSeparated")
		}
		for _, format := range formats {
			for _, value := range []string{p.file, "../" + strings.Repeat("../", 20) + p.file} {
				arguments := url.Values{name: {value}, "default_format": {format}}
				status, body := post(t, e, UserReader, e.ReaderPassword(), "SELECT 1 AS a", arguments)
				if status == http.StatusOK && !slices.Contains(reviewed, name) && !httpArguments[name] && !strings.HasPrefix(name, "param_") {
					t.Errorf("%s was taken: %.200q", name, body)
				}
				p.untouched(t, name+"="+value+" FORMAT "+format)
			}
		}
	}
	if n := e.Restarts(); n != 0 {
		t.Errorf("the engine died %d times: %s", n, e.Status().LastError)
	}
}

// TestFormats writes a result in every format there is: none may leave a file.
func TestFormats(t *testing.T) {
	e := startEngine(t, testOptions(t))
	full := connect(t, e)
	newPart(t, full, "sealwatch", "visible")
	files := func() (paths []string) {
		_ = filepath.WalkDir(e.options.DataDir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.Contains(path, "/store/") {
				paths = append(paths, path)
			}
			return nil
		})
		return paths
	}
	before := files()
	for _, format := range queryOne[[]string](t, full, "SELECT groupArray(name) FROM system.formats") {
		for _, sql := range []string{"SELECT 1 AS a FORMAT " + format, "SELECT formatRow('" + format + "', 1 AS a)"} {
			post(t, e, UserReader, e.ReaderPassword(), sql, nil)
			if after := files(); !slices.Equal(before, after) {
				t.Fatalf("%s\nleft files: %v, were %v", sql, after, before)
			}
		}
	}
	if n := e.Restarts(); n != 0 {
		t.Errorf("the engine died %d times: %s", n, e.Status().LastError)
	}
}
