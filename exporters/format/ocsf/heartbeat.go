package ocsf

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// A heartbeat is an Application Lifecycle event (class 6002), which tells of the state of an application that it names, with an activity
// of our own, since the class has none for "it runs". The base event would do, too, but names no application, and consumers put its
// category, Uncategorized, aside.
const (
	lifecycleCategory = 6
	lifecycleClass    = 6002
	activityOther     = 99
)

// heartbeatFields are the mapping of a heartbeat.
var heartbeatFields = []struct {
	path, has string
	value     func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any
}{
	{"activity_id", "99", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return activityOther }},
	{"activity_name", "`Heartbeat`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return "Heartbeat" }},
	{"category_uid", "6", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return lifecycleCategory }},
	{"category_name", "`Application Activity`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return "Application Activity" }},
	{"class_uid", "6002", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return lifecycleClass }},
	{"class_name", "`Application Lifecycle`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return "Application Lifecycle" }},
	{"type_uid", "600299", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any {
		return lifecycleClass*100 + activityOther
	}},
	{"type_name", "its name", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any {
		return "Application Lifecycle: Heartbeat"
	}},
	{"time", "when it was made, in milliseconds", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return millis(h.Time) }},
	{"severity_id", "1", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return 1 }},
	{"severity", "`Informational`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return severities[1] }},
	{"status_id", "1 when the destination is well, else 2", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any {
		if h.State == "ok" {
			return 1
		}
		return 2
	}},
	{"status_detail", "state of the destination: `ok`, `retrying`, `paused`", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.State }},
	{"message", "what it says, in words", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.Text() }},
	{"metadata.version", "`" + Version + "`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return Version }},
	{"metadata.product.name", "`Sealwatch`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return payload.Product }},
	{"metadata.product.vendor_name", "`Sealwatch`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return payload.Vendor }},
	{"metadata.product.version", "version of Sealwatch", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.Version }},
	{"metadata.uid", "id of the heartbeat", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.ID }},
	{"metadata.event_code", "`heartbeat`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return exporters.HeartbeatType }},
	{"app.name", "`Sealwatch`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return payload.Product }},
	{"app.vendor_name", "`Sealwatch`", func(*exporters.Heartbeat, *exporters.HeartbeatDocument) any { return payload.Vendor }},
	{"app.version", "version of Sealwatch", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.Version }},
	{"device.hostname", "machine that Sealwatch runs on", func(h *exporters.Heartbeat, _ *exporters.HeartbeatDocument) any { return h.Instance }},
	{"unmapped", "the heartbeat as JSON has it", func(_ *exporters.Heartbeat, d *exporters.HeartbeatDocument) any { return d }},
}

// AppendHeartbeat implements payload.Encoder.
func (e *Encoder) AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error) {
	d := exporters.NewHeartbeatDocument(h)
	all := object{}
	for i := range heartbeatFields {
		if value := heartbeatFields[i].value(h, &d); present(value) {
			all.set(heartbeatFields[i].path, value)
		}
	}
	if h.Instance != "" { // an object of a device has to say what kind of one it is
		all.set("device.type_id", 0)
	}
	return appendObject(b, all, "a heartbeat")
}

// appendObject appends an object as one line.
func appendObject(b []byte, all object, what string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		return b, fmt.Errorf("encoding %s as OCSF: %w", what, err)
	}
	return append(b, exporters.EscapeInvisible(bytes.TrimSuffix(text.Bytes(), []byte("\n")))...), nil
}

// HeartbeatRows are the table of the documentation.
func HeartbeatRows() []payload.Row {
	rows := make([]payload.Row, len(heartbeatFields))
	for i, f := range heartbeatFields {
		rows[i] = payload.Row{Field: f.path, Has: f.has}
	}
	return rows
}
