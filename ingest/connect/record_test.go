package connect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

// wanted is what a delivery becomes.
type wanted struct {
	Time                                                            time.Time
	Activity, Object, Action, Property, User, Name, Email, Affected string
	Data                                                            map[string]string
}

func became(t *testing.T, r *event.Record) wanted {
	t.Helper()
	c, err := classify.New(classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := wanted{Time: r.Timestamp, Object: r.Object, Action: r.Action, Property: r.Property, User: r.UserID, Name: r.UserName, Email: r.UserEmail, Affected: r.AffectedUserID,
		Activity: c.Classify(classify.Key{Object: r.Object, Action: r.Action, Property: r.Property, Channel: r.Source}).Activity}
	if err := json.Unmarshal(r.Data, &w.Data); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestParse(t *testing.T) {
	text, err := os.ReadFile("testdata/deliveries.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Body, Problem string
		Want                wanted
	}
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			r, err := Parse("main", []byte(tt.Body))
			if tt.Problem != "" {
				if err == nil || err.Error() != tt.Problem {
					t.Fatalf("got %v, want %s", err, tt.Problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.Want, became(t, r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if string(r.Raw) != tt.Body || r.Source != Channel {
				t.Errorf("raw %q, channel %q", r.Raw, r.Source)
			}
			if err := monitor.Complete(r); err != nil {
				t.Errorf("it cannot be stored: %v", err)
			}
		})
	}
}

// TestIdentity: configuration, envelope, recipient, event and time make the identity, and nothing else of a body.
func TestIdentity(t *testing.T) {
	const body = `{"event":"recipient-declined","uri":"/x","retryCount":0,"configurationId":7,"generatedDateTime":"2026-05-06T09:00:05Z","data":{"accountId":"a","userId":"ann","envelopeId":"AAAAAAAA-0d4a-4b8e-9c6f-5a1d2e3f4b5c","recipientId":"2"}}`
	id := func(changes ...string) string {
		t.Helper()
		r, err := Parse("main", []byte(strings.NewReplacer(changes...).Replace(body)))
		if err != nil {
			t.Fatal(err)
		}
		return r.EventID
	}
	same := id()
	for name, changes := range map[string][]string{
		"retry":         {`"retryCount":0`, `"retryCount":9`},
		"address":       {`"uri":"/x"`, `"uri":"/y"`},
		"spelling":      {"AAAAAAAA", "aaaaaaaa", "recipient-declined", "Recipient-Declined", `"configurationId":7`, `"configurationId":"7"`},
		"form of time":  {"09:00:05Z", "09:00:05.0000000Z"},
		"more of it":    {`"recipientId":"2"`, `"recipientId":"2","name":"Eve","email":"eve@example.net"`},
		"owner":         {`"userId":"ann"`, `"userId":"bob"`},
		"order of keys": {`"retryCount":0,`, "", `{"event"`, `{"retryCount":0,"event"`},
	} {
		if got := id(changes...); got != same {
			t.Errorf("%s: another identity", name)
		}
	}
	for name, changes := range map[string][]string{
		"configuration": {`"configurationId":7`, `"configurationId":8`},
		"envelope":      {"AAAAAAAA", "BBBBBBBB"},
		"recipient":     {`"recipientId":"2"`, `"recipientId":"3"`},
		"event":         {"recipient-declined", "recipient-delivered"},
		"time":          {"09:00:05Z", "09:00:05.0000001Z"},
	} {
		if got := id(changes...); got == same {
			t.Errorf("%s: the same identity", name)
		}
	}
}

// TestPublishedLabels: the events of Panther's labelled deliveries are recognised as theirs are, from what DocuSign says and not from
// their labels: a rule of theirs fires exactly where the class is that of the detection.
func TestPublishedLabels(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "panther")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the labelled deliveries are not there: %v", err)
		}
		t.Skipf("skipped: the labelled deliveries are not there: %v", err)
	}
	for file, fires := range map[string]func(wanted) bool{
		"docusign_envelope_voided":    func(w wanted) bool { return w.Activity == "void" },
		"docusign_recipient_declined": func(w wanted) bool { return w.Activity == "decline" && w.Object == "recipient" },
		"docusign_template_management": func(w wanted) bool {
			return w.Object == "template" && strings.Contains("create update delete", w.Activity)
		},
	} {
		text, err := os.ReadFile(filepath.Join(dir, file+".tests.json"))
		if err != nil {
			t.Fatal(err)
		}
		var labelled struct {
			Tests []struct {
				Name           string
				ExpectedResult bool
				Log            json.RawMessage
			}
		}
		if err := json.Unmarshal(text, &labelled); err != nil || len(labelled.Tests) < 3 {
			t.Fatalf("%s: %d deliveries, %v", file, len(labelled.Tests), err)
		}
		for _, tt := range labelled.Tests {
			r, err := Parse("main", tt.Log)
			if err != nil {
				t.Errorf("%s: %s: %v", file, tt.Name, err)
				continue
			}
			if w := became(t, r); fires(w) != tt.ExpectedResult {
				t.Errorf("%s: %s: got %+v, labelled %v", file, tt.Name, w, tt.ExpectedResult)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/deliveries.yaml")
	if err != nil {
		f.Fatal(err)
	}
	var cases []struct{ Body string }
	if err := yaml.Unmarshal(text, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.Body))
	}
	f.Add([]byte(strings.Repeat(`{"data":`, 100)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Parse("main", body)
		if err != nil {
			return
		}
		again, err := Parse("main", body)
		if err != nil || again.EventID != r.EventID || string(again.Data) != string(r.Data) {
			t.Fatalf("read twice, it is two: %v", err)
		}
		if err := monitor.Complete(r); err != nil {
			t.Fatalf("what was read cannot be stored: %v", err)
		}
	})
}
