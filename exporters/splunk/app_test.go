package splunk

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
)

const app = "../../deploy/splunk/sealwatch"

// words of SPL and of the app that stand where a field may stand; a name that is neither these nor a field is a mistake.
var notFields = []string{"count", "alerts", "worst", "detections", "last", "index", "sourcetype", "_time", "is_open", "span", "value", "by", "as", "sort", "stats", "eval", "timechart", "table", "fields",
	"where", "search", "head", "dedup", "convert", "ctime", "latest", "max", "min", "relative_time", "since", "dc", "isnull", "tonumber", "fillnull", "IN", "AND", "OR", "NOT", "definition", "severities", "states", "who", "tstats", "if", "interval", "now"}

// fieldNames are all that a search can name, with those of lists as the app gives them.
func fieldNames() (all []string) {
	for _, f := range slices.Concat(fields, indexed) {
		all = append(all, f.name)
	}
	for _, f := range heartbeatFields {
		all = append(all, f.name)
	}
	for _, f := range eventFields {
		all = append(all, f.name)
	}
	return append(all, "evidence.distanceKm")
}

var (
	quoted = regexp.MustCompile("\"[^\"]*\"|`[a-z_]+`|\\$[a-z.]+\\$")
	word   = regexp.MustCompile(`\b[A-Za-z_][A-Za-z0-9_.]*`)
)

// TestAppNamesFields holds every search of the app to the fields that are sent.
func TestAppNamesFields(t *testing.T) {
	known := append(fieldNames(), notFields...)
	var searches []string
	for _, line := range strings.Split(read(t, "default/macros.conf")+read(t, "default/eventtypes.conf")+heartbeatSearches(t), "\n") {
		if name, value, found := strings.Cut(line, " = "); found && !strings.HasPrefix(name, "#") {
			searches = append(searches, value)
		}
	}
	searches = append(searches, queries(t)...)
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `` (.*) `` \\|$").FindAllStringSubmatch(strings.ReplaceAll(read(t, "../README.md"), `\|`, "\x00"), -1)
	for _, m := range rows {
		searches = append(searches, strings.ReplaceAll(m[1], "\x00", "|"))
	}
	if len(searches) < 15 {
		t.Fatalf("%d searches", len(searches))
	}
	used := map[string]bool{}
	for _, s := range searches {
		for _, w := range word.FindAllString(quoted.ReplaceAllString(s, " "), -1) {
			used[w] = true
			if !slices.Contains(known, w) {
				t.Errorf("%q is no field that is sent, in: %s", w, s)
			}
		}
	}
	if !used["event_uid"] || !used["severity_id"] {
		t.Error("the searches were not read")
	}
}

// heartbeatSearches are the lines with the saved searches.
func heartbeatSearches(t *testing.T) (all string) {
	t.Helper()
	for line := range strings.Lines(read(t, "default/savedsearches.conf")) {
		if strings.HasPrefix(line, "search = ") {
			all += line
		}
	}
	if strings.Count(all, "\n") < 2 {
		t.Fatalf("saved searches: %q", all)
	}
	return all
}

// TestAppToleratesOneHeartbeat: one that tells of a failure is no alarm yet, three in a row are.
func TestAppToleratesOneHeartbeat(t *testing.T) {
	const usual = 5 * time.Minute
	_, search, found := strings.Cut(read(t, "default/savedsearches.conf"), "[Sealwatch detects too little]\n")
	if !found {
		t.Fatal("the saved search is not there")
	}
	search, _, _ = strings.Cut(search, "\n[")
	for _, want := range []string{"min(failing_detections) as failing_detections", "min(analysis_lag_seconds) as analysis_lag_seconds"} {
		if !strings.Contains(search, want) {
			t.Errorf("expected %q in %s", want, search)
		}
	}
	m := regexp.MustCompile(`(?m)^dispatch\.earliest_time = -(\d+m)$`).FindStringSubmatch(search)
	if m == nil {
		t.Fatalf("expected minutes to look back in %s", search)
	}
	if back, err := time.ParseDuration(m[1]); err != nil || back < 3*usual {
		t.Errorf("it looks back for %s (%v), expected three heartbeats, every %s", back, err, usual)
	}
}

// queries are those of the dashboard; its table and its clicks name fields too.
func queries(t *testing.T) (all []string) {
	d := xml.NewDecoder(strings.NewReader(read(t, "default/data/ui/views/alerts.xml")))
	inside := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the dashboard: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
		case xml.EndElement:
			inside = ""
		case xml.CharData:
			if inside == "query" {
				all = append(all, string(token))
			}
		}
	}
}

// TestAppNamesLists: Splunk calls a list name{}, so that each needs its name of the data model.
func TestAppNamesLists(t *testing.T) {
	props := read(t, "default/props.conf")
	change := exportertest.Change(1)
	d := exporters.NewDocument(&change)
	settings := encoderOf(t, Options{}).settings
	v := settings.View(&change, &d)
	lists := 0
	for _, f := range fields {
		if _, list := f.value(v).([]string); !list {
			continue
		}
		lists++
		if alias := `"` + f.name + `{}" AS ` + f.name; !strings.Contains(props, alias) {
			t.Errorf("props.conf has not %s", alias)
		}
	}
	if n := strings.Count(props, "{}\" AS "); n != lists {
		t.Errorf("props.conf names %d lists, %d are sent", n, lists)
	}
	for _, f := range indexed {
		if !strings.Contains(read(t, "default/fields.conf"), "["+f.name+"]\nINDEXED = true") {
			t.Errorf("fields.conf has not %s", f.name)
		}
	}
}

// TestAppFiles: stanzas and keys are well-formed, and the source type is the one that is sent.
func TestAppFiles(t *testing.T) {
	stanza, setting := regexp.MustCompile(`^\[[^\]]*\]$`), regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]* = .+$`)
	files := 0
	err := filepath.WalkDir(app, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text := read(t, strings.TrimPrefix(filepath.ToSlash(path), app+"/"))
		if filepath.Ext(path) == ".xml" {
			return nil
		}
		for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if line != "" && !strings.HasPrefix(line, "#") && !stanza.MatchString(line) && !setting.MatchString(line) {
				t.Errorf("%s:%d: %q is neither a stanza nor a setting", path, n+1, line)
			}
		}
		return nil
	})
	if err != nil || files < 9 {
		t.Errorf("%d files, %v", files, err)
	}
	var o Options
	_ = o.complete() // only for the defaults
	for _, file := range []string{"default/props.conf", "default/savedsearches.conf"} {
		if !strings.Contains(read(t, file), HeartbeatSourcetype) {
			t.Errorf("%s does not name the source type %s", file, HeartbeatSourcetype)
		}
	}
	for _, file := range []string{"default/props.conf", "default/eventtypes.conf"} {
		if !strings.Contains(read(t, file), EventSourcetype) {
			t.Errorf("%s does not name the source type %s", file, EventSourcetype)
		}
	}
	for _, file := range []string{"default/props.conf", "default/eventtypes.conf", "default/macros.conf"} {
		if !strings.Contains(read(t, file), o.Sourcetype) {
			t.Errorf("%s does not name the source type %s", file, o.Sourcetype)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(app, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
