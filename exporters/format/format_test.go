package format_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/cef"
	"github.com/sealwatch/sealwatch/exporters/format/leef"
	"github.com/sealwatch/sealwatch/exporters/format/ocsf"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files and the tables of the guide")

const alertURL = "https://watch.example.com/alerts?id={id}"

func encoder(t testing.TB, name string) payload.Encoder {
	t.Helper()
	known := exportertest.Detections(t, "../..")
	e, err := format.New(name, payload.Settings{Version: "1.2.3", AlertURL: alertURL, Detection: func(id string) (payload.Detection, bool) {
		d, ok := known[id]
		return d, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	if e.Name() != name {
		t.Fatalf("the encoder of %s calls itself %s", name, e.Name())
	}
	return e
}

func golden(t testing.TB) []exportertest.GoldenChange {
	t.Helper()
	all, err := exportertest.Golden()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryDetectionHasAGoldenAlert(t *testing.T) {
	have := map[string]bool{}
	for _, g := range golden(t) {
		have[g.Name] = true
	}
	for id := range exportertest.Detections(t, "../..") {
		if !have[id] {
			t.Errorf("detection %s has no alert in exporters/exportertest/testdata/alerts.json; expected one with the evidence of its view", id)
		}
	}
}

// TestGolden has a file for each format, a line for each alert.
func TestGolden(t *testing.T) {
	for _, name := range format.Names() {
		e := encoder(t, name)
		var got bytes.Buffer
		for _, g := range golden(t) {
			line, err := payload.Encode(e, &g.Change, 0)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, g.Name, err)
			}
			checkText(t, line)
			got.WriteString(g.Name + "\t" + string(line) + "\n")
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// checkText is what holds for every format.
func checkText(t testing.TB, line []byte) {
	t.Helper()
	if !utf8.Valid(line) {
		t.Errorf("no valid UTF-8: %q", line)
	}
	if i := bytes.IndexFunc(line, payload.Invisible); i >= 0 {
		t.Errorf("an invisible character at %d in %q", i, line)
	}
}

// TestFits holds every format to the least size that syslog allows.
func TestFits(t *testing.T) {
	for _, name := range format.Names() {
		e := encoder(t, name)
		for n := range 24 {
			c := exportertest.NastyChange(n)
			for range alert.MaxEventIDs {
				c.EventIDs = append(c.EventIDs, strings.Repeat("x", alert.MaxEventIDs))
			}
			for _, most := range []int{1500, 2000, 2600, 8000, 60000} {
				if name == format.OCSF && most < 2600 {
					continue
				}
				line, err := payload.Encode(e, &c, most)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(line) > most {
					t.Errorf("%s: %d bytes, at most %d were asked for", name, len(line), most)
				}
				checkText(t, line)
				if id := idOf(t, name, line); id != c.ID {
					t.Errorf("%s: id %q, want %q", name, id, c.ID)
				}
				if marked := bytes.Contains(line, []byte("truncated")); !marked && most < 60000 && name != format.CEFDefender {
					t.Errorf("%s: shortened to %d bytes without a word of it: %s", name, most, line)
				}
			}
		}
	}
}

// idOf reads the alert's id by the format's own parser.
func idOf(t testing.TB, name string, line []byte) string {
	t.Helper()
	switch name {
	case format.CEF, format.CEFDefender:
		return parseCEF(t, string(line)).extension["externalId"]
	case format.LEEF:
		return parseLEEF(t, string(line)).attributes["alertId"]
	case format.OCSF:
		var o struct {
			Info struct {
				UID string `json:"uid"`
			} `json:"finding_info"`
		}
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		return o.Info.UID
	}
	var d exporters.Document
	if err := json.Unmarshal(line, &d); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return strings.TrimPrefix(d.Name, "alerts/")
}

func TestUnknownFormat(t *testing.T) {
	if _, err := format.New("xml", payload.Settings{}); err == nil || !strings.Contains(err.Error(), `"xml"`) || !strings.Contains(err.Error(), "cef-defender") {
		t.Errorf("error %v", err)
	}
}

// TestDocumented holds the tables of fields in the guide to the code.
func TestDocumented(t *testing.T) {
	documented(t, "../../docs/exporters.md", map[string][]payload.Row{format.CEF: cef.Rows(), format.CEFDefender: cef.DefenderRows(), format.LEEF: leef.Rows(), format.OCSF: ocsf.Rows()})
	documented(t, "../../docs/forwarding.md", map[string][]payload.Row{"events in " + format.CEF: cef.EventRows(), "events in " + format.CEFDefender: cef.DefenderEventRows(), "events in " + format.LEEF: leef.EventRows(), "events in " + format.OCSF: ocsf.EventRows()})
	documented(t, "../../docs/heartbeats.md", map[string][]payload.Row{"heartbeats in " + format.CEF: cef.HeartbeatRows(), "heartbeats in " + format.LEEF: leef.HeartbeatRows(), "heartbeats in " + format.OCSF: ocsf.HeartbeatRows()})
}

func documented(t *testing.T, file string, tables map[string][]payload.Row) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, rows := range tables {
		from, to := "<!-- fields of "+name+": generated by go test ./exporters/format -update -->\n", "<!-- end of the fields of "+name+" -->\n"
		before, rest, ok := strings.Cut(text, from)
		_, after, ok2 := strings.Cut(rest, to)
		if !ok || !ok2 {
			t.Fatalf("%s has not the lines %q and %q", file, from, to)
		}
		var table strings.Builder
		table.WriteString("| field | what it has | |\n|---|---|---|\n")
		for _, r := range rows {
			fmt.Fprintf(&table, "| `%s` | %s | %s |\n", r.Field, r.Has, r.Note)
		}
		text = before + from + table.String() + to + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(text, string(b)); d != "" {
		t.Errorf("%s: %s; run with -update", file, d)
	}
}

// FuzzFormats reads every format back.
func FuzzFormats(f *testing.F) {
	for n := range 12 {
		c := exportertest.NastyChange(n)
		f.Add(c.Title, c.Subject.ID, c.Subject.Email, c.Evidence, c.Key, c.Severity, c.Kind, 3, int64(n), 2600+n)
	}
	f.Add("a=b\\=c|d", " lead", "trail ", `{"ipAddress":"192.0.2.1","x":"\u202e"}`, "k^v^w", "critical", "retracted", 1, int64(1), 0)
	encoders := map[string]payload.Encoder{}
	for _, name := range format.Names() {
		encoders[name] = encoder(f, name)
	}
	f.Fuzz(func(t *testing.T, title, subject, email, evidence, key, severity, kind string, events int, seconds int64, most int) {
		c := exportertest.Change(1)
		c.Title, c.Subject.ID, c.Subject.Email, c.Evidence, c.Key, c.Severity, c.Kind = title, subject, email, evidence, key, severity, kind
		c.Tenant, c.Subject.DisplayName, c.Triage.Assignee, c.Triage.State = email, title, title, kind
		c.Context.Traits[0].Value, c.Context.Directory.Role = subject, key
		for range min(max(events, 0), alert.MaxEventIDs) {
			c.EventIDs = append(c.EventIDs, subject)
		}
		if most != 0 {
			most = min(max(most, 2600), 20000)
		}
		for name, e := range encoders {
			line, err := payload.Encode(e, &c, most)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkText(t, line)
			if most > 0 && len(line) > most {
				t.Errorf("%s: %d bytes, at most %d were asked for", name, len(line), most)
			}
			if id := idOf(t, name, line); id != c.ID {
				t.Errorf("%s: id %q, want %q", name, id, c.ID)
			}
			if most == 0 {
				readBack(t, name, line, &c)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	changes := golden(b)
	for _, name := range format.Names() {
		e := encoder(b, name)
		b.Run(name, func(b *testing.B) {
			var bytes int64
			for i := 0; b.Loop(); i++ {
				line, err := payload.Encode(e, &changes[i%len(changes)].Change, 8000)
				if err != nil {
					b.Fatal(err)
				}
				bytes += int64(len(line))
			}
			b.SetBytes(bytes / int64(b.N))
		})
	}
}
