package format_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// eventID reads the id of an event by the format's own parser, and that it is no alert.
func eventID(t testing.TB, name string, line []byte) string {
	t.Helper()
	switch name {
	case format.CEF:
		m := parseCEF(t, string(line))
		if !strings.HasPrefix(m.header[4], "event_") || m.extension["cat"] != "event" || len(m.extension["externalId"]) > 40 {
			t.Errorf("header %q, category %q", m.header, m.extension["cat"])
		}
		return m.extension["SealwatchSealwatchEventid"]
	case format.CEFDefender:
		m := parseCEF(t, string(line))
		if !strings.HasPrefix(m.header[4], "EVENT_CATEGORY_") || m.header[1] != "MCAS" || m.header[6] != "0" {
			t.Errorf("header %q", m.header)
		}
		return m.extension["externalId"]
	case format.LEEF:
		m := parseLEEF(t, string(line))
		if !strings.HasPrefix(m.header[4], "event_") || m.attributes["cat"] != "event" || m.attributes["alertId"] != "" {
			t.Errorf("header %q", m.header)
		}
		return m.attributes["eventId"]
	case format.OCSF:
		var o struct {
			Category int `json:"category_uid"`
			Class    int `json:"class_uid"`
			Activity int `json:"activity_id"`
			Type     int `json:"type_uid"`
			Metadata struct {
				UID string `json:"uid"`
			} `json:"metadata"`
			User  map[string]any `json:"user"`
			Actor map[string]any `json:"actor"`
			API   map[string]any `json:"api"`
			Src   map[string]any `json:"src_endpoint"`
		}
		if err := json.Unmarshal(line, &o); err != nil || o.Type != o.Class*100+o.Activity || o.Category != o.Class/1000 {
			t.Errorf("%v in %s", err, line)
		}
		switch o.Class { // what the class requires
		case 3001, 3002:
			if len(o.User) == 0 {
				t.Errorf("no user in %s", line)
			}
		case 6003:
			if len(o.Actor) == 0 || o.API["operation"] == nil || len(o.Src) == 0 {
				t.Errorf("no actor, operation or endpoint in %s", line)
			}
		default:
			t.Errorf("class %d in %s", o.Class, line)
		}
		return o.Metadata.UID
	}
	var d exporters.EventDocument
	if err := json.Unmarshal(line, &d); err != nil || d.Type != "event" {
		t.Errorf("%v in %s", err, line)
	}
	return d.EventID
}

// TestEvents has a file for each format, a line for each activity.
func TestEvents(t *testing.T) {
	have := map[string]bool{}
	for _, e := range exportertest.GoldenEvents() {
		have[e.Activity] = true
	}
	text, err := os.ReadFile("../../ingest/classify/activities.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^  activity: ([a-z_]+)$`).FindAllStringSubmatch(string(text), -1)
	if len(rules) < 30 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, m := range rules {
		if !have[m[1]] {
			t.Errorf("activity %s has no event in exporters/exportertest/golden_events.go", m[1])
		}
	}
	for _, name := range format.Names() {
		x := encoder(t, name)
		var got bytes.Buffer
		for _, e := range exportertest.GoldenEvents() {
			line, err := payload.EncodeEvent(x, &e, 0)
			if err != nil {
				t.Fatal(err)
			}
			checkText(t, line)
			if id := eventID(t, name, line); id != strings.TrimSpace(e.ID) && id != e.ID {
				t.Errorf("%s: id %q in %s", name, id, line)
			}
			got.WriteString(e.Activity + "\t" + string(line) + "\n")
		}
		file := filepath.Join("testdata", "events."+name+".txt")
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

// TestEventsFit holds every format to the least size that syslog allows, whatever stands in the event.
func TestEventsFit(t *testing.T) {
	for _, name := range format.Names() {
		x := encoder(t, name)
		for n := range 40 {
			e := exportertest.NastyEvent(n)
			for _, most := range []int{1800, 3000, 8000, 0} {
				if name == format.OCSF && most == 1800 {
					continue
				}
				line, err := payload.EncodeEvent(x, &e, most)
				if err != nil {
					t.Fatalf("%s, %d bytes: %v", name, most, err)
				}
				checkText(t, line)
				if most > 0 && len(line) > most {
					t.Errorf("%s: %d bytes, at most %d were asked for", name, len(line), most)
				}
				if id := eventID(t, name, line); id != e.ID {
					t.Errorf("%s: id %q, want %q", name, id, e.ID)
				}
			}
		}
	}
}

// FuzzEvents reads every format back.
func FuzzEvents(f *testing.F) {
	for n := range 12 {
		e := exportertest.NastyEvent(n)
		f.Add(e.Object, e.Action, e.Result, e.UserName, e.UserAgent, e.Activity, e.Data, 1800+n*500)
	}
	encoders := map[string]payload.Encoder{}
	for _, name := range format.Names() {
		encoders[name] = encoder(f, name)
	}
	f.Fuzz(func(t *testing.T, object, action, result, name, agent, activity, data string, most int) {
		e := exportertest.Event(1)
		e.Object, e.Action, e.Result, e.UserName, e.UserEmail, e.UserAgent, e.Activity, e.Data, e.AffectedUserID, e.IntegrationKey = object, action, result, name, name, agent, activity, data, action, object
		if most != 0 {
			most = min(max(most, 3000), 20000)
		}
		for name, x := range encoders {
			line, err := payload.EncodeEvent(x, &e, most)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkText(t, line)
			if most > 0 && len(line) > most {
				t.Errorf("%s: %d bytes, at most %d were asked for", name, len(line), most)
			}
			if id := eventID(t, name, line); id != e.ID {
				t.Errorf("%s: id %q, want %q", name, id, e.ID)
			}
		}
	})
}

func TestOutcomeOfEvents(t *testing.T) {
	for result, want := range map[string]string{"": event.OutcomeSuccess, "Success": event.OutcomeSuccess, "Failed": event.OutcomeFailure, "Login Failed": event.OutcomeFailure, "access denied": event.OutcomeSuccess, "Denied": event.OutcomeFailure, "not_allowed": event.OutcomeFailure} {
		e := exportertest.Event(1)
		if e.Result = result; e.Outcome() != want {
			t.Errorf("%q is a %s", result, e.Outcome())
		}
	}
	e := exportertest.Event(1)
	if e.Activity = event.ActivityFailedLogon; e.Outcome() != event.OutcomeFailure {
		t.Error("a failed logon succeeded")
	}
}
