package syslog

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files")

func testEncoder(t testing.TB, maxBytes int) encoder {
	t.Helper()
	o := Options{Address: "127.0.0.1:514", Hostname: "watch.example.com", MaxBytes: maxBytes}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	e := newEncoder(&o)
	e.process = "77"
	return e
}

func TestGolden(t *testing.T) {
	retracted := exportertest.Change(2)
	retracted.Kind, retracted.Retracted, retracted.SupersededBy = alert.ChangeRetracted, true, exportertest.Change(1).ID
	resolved := exportertest.Change(3)
	resolved.Kind, resolved.Severity = alert.ChangeUpdated, alert.SeverityCritical
	resolved.Triage = alert.Triage{State: alert.StateResolved, Classification: "true_positive", Assignee: "ana@example.com",
		Comments: []alert.Comment{{Author: "ana@example.com", Text: "stays here", Time: resolved.Updated}}}
	long := exportertest.Change(4)
	long.Evidence = `{"list": [` + strings.Repeat("1,", 9000) + `1], "short": 5, "text": "` + strings.Repeat("é", 9000) + `"}`
	for name, c := range map[string]alert.Change{"created": exportertest.Change(1), "retracted": retracted, "resolved": resolved,
		"nasty": exportertest.NastyChange(3), "shortened": long} {
		e := testEncoder(t, 8000)
		c.Sequence = 42
		got, err := e.encode(&c)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(append(got, '\n'), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestSeverities(t *testing.T) {
	for severity, want := range map[string]string{"critical": "<162>", "high": "<163>", "medium": "<164>", "low": "<165>", "informational": "<166>", "": "<166>"} {
		c := exportertest.Change(1)
		c.Severity = severity
		e := testEncoder(t, 8000)
		if got, err := e.encode(&c); err != nil || !bytes.HasPrefix(got, []byte(want)) {
			t.Errorf("severity %q: %.20q, %v; want %s", severity, got, err, want)
		}
	}
}

// FuzzEncode parses every message back with an independent parser.
func FuzzEncode(f *testing.F) {
	for n := range 12 {
		c := exportertest.NastyChange(n)
		f.Add(c.Title, c.Subject.ID, c.Subject.Email, c.Evidence, c.Key, c.Severity, c.Kind, 3, int64(n), 1800+n)
	}
	f.Fuzz(func(t *testing.T, title, subject, email, evidence, key, severity, kind string, events int, seconds int64, maxBytes int) {
		c := exportertest.Change(1)
		c.Title, c.Subject.ID, c.Subject.Email, c.Evidence, c.Key, c.Severity, c.Kind = title, subject, email, evidence, key, severity, kind
		c.Tenant, c.Detection, c.Subject.DisplayName, c.Triage.Assignee = email, key, title, title
		c.Updated = time.Unix(seconds, 123456789)
		for range min(max(events, 0), alert.MaxEventIDs) {
			c.EventIDs = append(c.EventIDs, subject)
		}
		e := testEncoder(t, min(max(maxBytes, minMaxBytes), 20000))
		e.host, e.app = strings.Repeat("h", 255), strings.Repeat("a", 48)
		message, err := e.encode(&c)
		if err != nil {
			t.Fatal(err)
		}
		checkMessage(t, &c, message, e.maxBytes)
		for _, name := range format.Names() {
			p, err := format.New(name, payload.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Address: "127.0.0.1:514", Hostname: "watch.example.com", Payload: p}
			if err := o.complete(); err != nil {
				t.Fatal(err)
			}
			e := newEncoder(&o)
			if message, err = e.encode(&c); err != nil {
				t.Fatal(err)
			}
			if len(message) > e.maxBytes || !utf8.Valid(message) || bytes.IndexFunc(message, payload.Invisible) >= 0 {
				t.Errorf("%s: %q", name, message)
			}
			if parsed, err := rfc5424.NewParser().Parse(message); name != format.CEFDefender && (err != nil || parsed.(*rfc5424.SyslogMessage).Message == nil) {
				t.Errorf("%s: %v in %s", name, err, message)
			}
		}
	})
}

func checkMessage(t *testing.T, c *alert.Change, message []byte, most int) {
	t.Helper()
	if len(message) > most {
		t.Errorf("%d bytes, at most %d were asked for", len(message), most)
	}
	if !utf8.Valid(message) {
		t.Error("no valid UTF-8")
	}
	if i := bytes.IndexFunc(message, payload.Invisible); i >= 0 {
		t.Errorf("an invisible character at %d in %q", i, message)
	}
	parsed, err := rfc5424.NewParser().Parse(message)
	if err != nil {
		t.Fatalf("%v in %s", err, message)
	}
	m := parsed.(*rfc5424.SyslogMessage)
	sd := (*m.StructuredData)["sealwatch@32473"]
	if sd["id"] != c.ID {
		t.Errorf("id %q in the structured data, want %q", sd["id"], c.ID)
	}
	var got exporters.Document
	if err := json.Unmarshal([]byte(*m.Message), &got); err != nil {
		t.Fatalf("%v in %s", err, *m.Message)
	}
	if sd["truncated"] != strings.Join(got.Truncated, ",") {
		t.Errorf("structured data says %q is truncated, JSON says %q", sd["truncated"], got.Truncated)
	}
	want := exporters.NewDocument(c)
	if len(got.Truncated) == 0 && (got.Title != strings.ToValidUTF8(want.Title, "\ufffd") && utf8.ValidString(want.Title) || got.Sequence != want.Sequence) {
		t.Errorf("title %q, want %q", got.Title, want.Title)
	}
	if got.Name != want.Name {
		t.Errorf("name %q, want %q", got.Name, want.Name)
	}
}

// TestFormatsFit holds every format with its header to the least sizes, and to what RFC 5424 allows.
func TestFormatsFit(t *testing.T) {
	for _, name := range format.Names() {
		p, err := format.New(name, payload.Settings{AlertURL: "https://watch.example.com/alerts/{id}"})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 24 {
			c := exportertest.NastyChange(n)
			for range alert.MaxEventIDs {
				c.EventIDs = append(c.EventIDs, strings.Repeat("x", alert.MaxEventIDs))
			}
			for _, most := range []int{1800, 3000, 8000} {
				o := Options{Address: "127.0.0.1:514", Hostname: strings.Repeat("h", 255), AppName: strings.Repeat("a", 48), MaxBytes: most, Payload: p}
				if name == format.OCSF && most < minOCSF {
					if err := o.complete(); err == nil {
						t.Errorf("%d bytes are allowed for %s", most, name)
					}
					continue
				}
				if err := o.complete(); err != nil {
					t.Fatal(err)
				}
				e := newEncoder(&o)
				message, err := e.encode(&c)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(message) > most || bytes.IndexFunc(message, payload.Invisible) >= 0 || !utf8.Valid(message) {
					t.Errorf("%s: %d bytes, at most %d were asked for: %q", name, len(message), most, message)
				}
				if name == format.CEFDefender {
					if at, _, _ := strings.Cut(string(message), " "); len(at) != len("2026-11-22T09:00:01.123Z") || !bytes.Contains(message, []byte(" CEF:0|MCAS|SIEM_Agent|")) {
						t.Errorf("%q is not as the agent wrote it", message)
					}
					continue
				}
				parsed, err := rfc5424.NewParser().Parse(message)
				if err != nil {
					t.Fatalf("%s: %v in %s", name, err, message)
				}
				m := parsed.(*rfc5424.SyslogMessage)
				if structured := m.StructuredData != nil; structured != (name == format.JSON || name == format.OCSF) {
					t.Errorf("%s: structured data %v", name, m.StructuredData)
				}
				if start := map[string]string{format.CEF: "CEF:0|", format.LEEF: "LEEF:2.0|"}[name]; !strings.HasPrefix(*m.Message, start) {
					t.Errorf("%s: the message begins with %.20q", name, *m.Message)
				}
			}
		}
	}
}

func TestShorteningKeepsWhatItCan(t *testing.T) {
	for n := range 24 {
		c := exportertest.NastyChange(n)
		for range alert.MaxEventIDs {
			c.EventIDs = append(c.EventIDs, strings.Repeat("x", alert.MaxEventIDs))
		}
		var last int
		for _, most := range []int{1800, 2000, 8000, 60000, 1 << 20} {
			e := testEncoder(t, most)
			message, err := e.encode(&c)
			if err != nil {
				t.Fatal(err)
			}
			checkMessage(t, &c, message, most)
			if len(message) < last {
				t.Errorf("%d bytes where %d were allowed, less than under a lower limit", len(message), most)
			}
			last = len(message)
		}
	}
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	_, err := New(Options{Address: "siem.example.com", Framing: "crlf", Facility: "local9", StructuredDataID: "a b@1", MaxBytes: 100, TailAge: 1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"siem.example.com"`, `"crlf"`, `"local9"`, `"a b@1"`, "100", "tail"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}
