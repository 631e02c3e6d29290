package splunk

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
)

// TestHeartbeat has a source type of its own, and its time as every event has it.
func TestHeartbeat(t *testing.T) {
	e := encoderOf(t, Options{Index: "security", Source: "sealwatch", Sourcetype: "mine"})
	h := exportertest.Heartbeat()
	got, err := e.heartbeat(&h)
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/heartbeat.txt"
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%v; got\n%s\nwant\n%s", err, got, want)
	}
	for _, h := range []exporters.Heartbeat{h, {Destination: "\u202e\"\n", State: "paused"}} {
		text, err := e.heartbeat(&h)
		var envelope struct {
			Sourcetype string `json:"sourcetype"`
			Event      struct {
				Type        string `json:"type"`
				Destination string `json:"destination"`
			} `json:"event"`
		}
		if err != nil || json.Unmarshal(text, &envelope) != nil || envelope.Sourcetype != HeartbeatSourcetype || envelope.Event.Type != "heartbeat" || envelope.Event.Destination != h.Destination {
			t.Errorf("%v: %s", err, text)
		}
	}
}

// TestEvents has a line for each activity, and holds whatever stands in an event to the limit.
func TestEvents(t *testing.T) {
	e := encoderOf(t, Options{Index: "security", Sourcetype: "mine"})
	var got []byte
	for _, v := range exportertest.GoldenEvents() {
		line, err := e.event(&v, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		got = append(append(got, line...), '\n')
	}
	const file = "testdata/forwarded.txt"
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got) {
		t.Errorf("%v; got\n%s\nwant\n%s", err, got, want)
	}
	for n := range 40 {
		v := exportertest.NastyEvent(n)
		for _, most := range []int{4000, 10_000} {
			line, err := e.event(&v, most)
			var envelope struct {
				Sourcetype string            `json:"sourcetype"`
				Event      map[string]any    `json:"event"`
				Fields     map[string]string `json:"fields"`
			}
			if err != nil || len(line) > most || json.Unmarshal(line, &envelope) != nil || envelope.Sourcetype != EventSourcetype || envelope.Event["id"] != v.ID || envelope.Fields["event_uid"] != v.ID || envelope.Event["type"] != "event" {
				t.Errorf("%v: %d bytes: %s", err, len(line), line)
			}
		}
	}
}
