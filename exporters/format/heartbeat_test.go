package format_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
)

// heartbeatID reads the id of a heartbeat by the format's own parser, and that it is one.
func heartbeatID(t testing.TB, name string, line []byte) string {
	t.Helper()
	switch name {
	case format.CEF, format.CEFDefender:
		m := parseCEF(t, string(line))
		if m.header[4] != "sealwatch_heartbeat" || m.header[1] != "Sealwatch" || m.header[6] != "0" || m.extension["cat"] != "heartbeat" {
			t.Errorf("header %q, category %q", m.header, m.extension["cat"])
		}
		return m.extension["externalId"]
	case format.LEEF:
		m := parseLEEF(t, string(line))
		if m.header[4] != "sealwatch_heartbeat" || m.attributes["cat"] != "heartbeat" || m.attributes["alertId"] != "" {
			t.Errorf("header %q", m.header)
		}
		return m.attributes["heartbeatId"]
	case format.OCSF:
		var o struct {
			Class    int `json:"class_uid"`
			Type     int `json:"type_uid"`
			Finding  any `json:"finding_info"`
			Metadata struct {
				UID string `json:"uid"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(line, &o); err != nil || o.Class != 6002 || o.Type != 600299 || o.Finding != nil {
			t.Errorf("%v in %s", err, line)
		}
		return o.Metadata.UID
	}
	var d exporters.HeartbeatDocument
	if err := json.Unmarshal(line, &d); err != nil || d.Type != "heartbeat" {
		t.Errorf("%v in %s", err, line)
	}
	return d.ID
}

// TestHeartbeats has a file with a line for each format.
func TestHeartbeats(t *testing.T) {
	h := exportertest.Heartbeat()
	bare := exporters.Heartbeat{ID: "bare", Destination: "siem", Time: h.Time, State: "paused"}
	var got bytes.Buffer
	for _, name := range format.Names() {
		for _, h := range []*exporters.Heartbeat{&h, &bare} {
			line, err := encoder(t, name).AppendHeartbeat(nil, h)
			if err != nil {
				t.Fatal(err)
			}
			checkText(t, line)
			if id := heartbeatID(t, name, line); id != h.ID {
				t.Errorf("%s: id %q in %s", name, id, line)
			}
			if len(line) > 1800 {
				t.Errorf("%s: a heartbeat of %d bytes does not fit into the least message of syslog", name, len(line))
			}
			got.WriteString(name + "\t" + string(line) + "\n")
		}
	}
	file := filepath.Join("testdata", "heartbeats.txt")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%v; got\n%swant\n%s", err, got.Bytes(), want)
	}
}

// TestHeartbeatOfAnything: no name breaks out of a format.
func TestHeartbeatOfAnything(t *testing.T) {
	for _, text := range []string{"a=b|c^d\\e", "line\nbreak\r\t", "\u202e\x00\xff", `"quoted"`, " spaces ", ""} {
		h := exporters.Heartbeat{ID: "id", Destination: text, Version: text, Instance: text, State: text, Time: time.Unix(0, 0), Watermarks: []exporters.Watermark{{Tenant: text, Time: time.Unix(1, 0)}}}
		for _, name := range format.Names() {
			line, err := encoder(t, name).AppendHeartbeat(nil, &h)
			if err != nil {
				t.Fatal(err)
			}
			checkText(t, line)
			if id := heartbeatID(t, name, line); id != "id" {
				t.Errorf("%s: id %q in %s", name, id, line)
			}
		}
	}
}
