package simulate

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestListener: a listener hears of ordinary work and of every kind of attack of which Connect tells, each act that Monitor tells of
// within seconds of it.
func TestListener(t *testing.T) {
	var labels []Label
	o := Options{Seed: 9, Users: 60, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), Attacks: ConnectKinds(), AttacksPerDay: 3, Connect: true,
		OnAttack: func(l Label) { labels = append(labels, l) }}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	heard, seen, byMonitor := map[string]int{}, map[string]bool{}, map[string]time.Time{}
	voided := map[string]time.Time{}
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[item.ID] = true
		if !item.Delivery {
			var r struct {
				Object, Action string
				Data           struct{ EnvelopeID string }
			}
			if err := json.Unmarshal(item.JSON, &r); err != nil {
				t.Fatal(err)
			}
			if r.Object == "Envelope" && r.Action == "Voided" {
				byMonitor[r.Data.EnvelopeID] = item.Time
			}
			continue
		}
		var d struct {
			Event, GeneratedDateTime string
			Data                     struct{ UserID, AccountID, EnvelopeID, TemplateID string }
		}
		if err := json.Unmarshal(item.JSON, &d); err != nil || d.Data.UserID == "" || d.Data.AccountID == "" || (d.Data.EnvelopeID == "") == (d.Data.TemplateID == "") {
			t.Fatalf("%s: %v", item.JSON, err)
		}
		if at, err := time.Parse(time.RFC3339Nano, d.GeneratedDateTime); err != nil || !at.Equal(item.Time) {
			t.Fatalf("%s happened at %v: %v", item.JSON, item.Time, err)
		}
		if heard[d.Event]++; d.Event == "envelope-voided" {
			voided[d.Data.EnvelopeID] = item.Time
		}
	}
	for _, event := range []string{"envelope-sent", "envelope-completed", "envelope-voided", "envelope-corrected", "envelope-declined", "recipient-declined", "recipient-authenticationfailed", "template-created", "template-modified"} {
		if heard[event] == 0 {
			t.Errorf("nothing is heard of %s: %v", event, heard)
		}
	}
	if len(voided) < 50 || len(voided) != len(byMonitor) {
		t.Errorf("Connect tells of %d voided envelopes, Monitor of %d", len(voided), len(byMonitor))
	}
	for id, at := range byMonitor {
		if d := voided[id].Sub(at); d < 0 || d > 10*time.Second {
			t.Errorf("envelope %s: Connect tells %v after Monitor", id, d)
		}
	}
	played := map[string]bool{}
	for _, l := range labels {
		played[l.Kind+"/"+l.Variant] = true
		for _, id := range l.EventIDs {
			if !seen[id] {
				t.Errorf("%s of kind %s names an event that never came", l.ID, l.Kind)
			}
		}
	}
	if len(played) != 2*len(ConnectKinds()) {
		t.Errorf("played %v", played)
	}
}

// TestListenerIsAsked: without Connect nothing of it is in the stream, and an attack of which it alone tells is refused.
func TestListenerIsAsked(t *testing.T) {
	o := Options{Seed: 9, Users: 5, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for item, err := g.Next(); !errors.Is(err, io.EOF); item, err = g.Next() {
		if err != nil || item.Delivery {
			t.Fatalf("%s, %v", item.JSON, err)
		}
	}
	for _, kind := range ConnectKinds() {
		if slices.Contains(Kinds(), kind) {
			t.Errorf("%s is played by every scenario that names no attack", kind)
		}
	}
	o.Attacks = ConnectKinds()[:1]
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "connect: true") {
		t.Errorf("%v", err)
	}
	o.Connect = true
	if g, err = New(o); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Write(io.Discard, "ndjson"); err == nil || !strings.Contains(err.Error(), "sealwatch evaluate") {
		t.Errorf("%v", err)
	}
}
