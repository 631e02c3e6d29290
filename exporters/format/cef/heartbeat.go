package cef

import (
	"strconv"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// heartbeatClass is the class id, and the category, of a heartbeat; no detection is called so.
const heartbeatClass = "sealwatch_heartbeat"

// heartbeatFields are the mapping of a heartbeat.
var heartbeatFields = []struct {
	key, label string
	most       int
	has        string
	value      func(*exporters.Heartbeat) string
}{
	{"externalId", "", 40, "id of the heartbeat", func(h *exporters.Heartbeat) string { return h.ID }},
	{"rt", "", 0, "when it was made, in milliseconds", func(h *exporters.Heartbeat) string { return payload.Millis(h.Time) }},
	{"cat", "", 1023, "`heartbeat`", func(*exporters.Heartbeat) string { return exporters.HeartbeatType }},
	{"msg", "", 1023, "what it says, in words", (*exporters.Heartbeat).Text},
	{"outcome", "", 63, "state of the destination: `ok`, `retrying`, `paused`", func(h *exporters.Heartbeat) string { return h.State }},
	{"dvchost", "", 100, "machine that Sealwatch runs on", func(h *exporters.Heartbeat) string { return h.Instance }},
	{"deviceCustomDate1", "watermark", 0, "event time up to which events have come in, of the tenant that is furthest behind; in milliseconds", func(h *exporters.Heartbeat) string {
		_, w, _ := h.Lag()
		return payload.Millis(w.Time)
	}},
	{"deviceCustomDate2", "oldestPending", 0, "when the oldest change was made that waits", func(h *exporters.Heartbeat) string { return payload.Millis(h.OldestPending) }},
	{"cn1", "pending", 0, "changes that wait", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.Pending, 10) }},
	{"cn2", "delivered", 0, "changes delivered since the start", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.Delivered, 10) }},
	{"cn3", "deadLetters", 0, "dead letters that stand", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.DeadLetters, 10) }},
	{"cfp1", "lagSeconds", 0, "how far the watermark lies behind the heartbeat", func(h *exporters.Heartbeat) string {
		seconds, _, ok := h.Lag()
		if !ok {
			return ""
		}
		return payload.Decimal(seconds)
	}},
	{"cfp3", "analysisLagSeconds", 0, "how long the first event has waited that some detection has not been through; 0 when none waits", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return payload.Decimal(h.AnalysisLag())
	}},
	{"flexNumber1", "failingDetections", 0, "detections that fail now, or leave somebody out", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return strconv.Itoa(h.Analysis.Failing)
	}},
	{"flexDate1", "analyzed", 0, "up to when everything that came in has been through every detection, in milliseconds", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return payload.Millis(h.Analysis.Through)
	}},
	{"cfp2", "intervalSeconds", 0, "how long it is until the next", func(h *exporters.Heartbeat) string { return payload.Decimal(h.Interval.Seconds()) }},
	{"cs1", "destination", 4000, "name of the destination", func(h *exporters.Heartbeat) string { return h.Destination }},
	{"cs2", "tenant", 4000, "tenant of the watermark", func(h *exporters.Heartbeat) string {
		_, w, _ := h.Lag()
		return w.Tenant
	}},
}

// AppendHeartbeat implements payload.Encoder.
func (e *Encoder) AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error) {
	return appendHeartbeat(b, &e.settings, h), nil
}

// AppendHeartbeat implements payload.Encoder. The agent sent none, so that it is CEF's own: with another vendor than the agent's messages,
// rules that were made for those never see it.
func (e *Defender) AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error) {
	return appendHeartbeat(b, &e.settings, h), nil
}

func appendHeartbeat(b []byte, s *payload.Settings, h *exporters.Heartbeat) []byte {
	b = appendHeader(b, payload.Vendor, payload.Product, s.Version, heartbeatClass, "Sealwatch heartbeat", 0)
	first := true
	for i := range heartbeatFields {
		f := &heartbeatFields[i]
		value, _ := bound(f.value(h), f.most)
		if value == "" {
			continue
		}
		if f.label != "" {
			b = appendPair(b, f.key+"Label", f.label, first)
			first = false
		}
		b = appendPair(b, f.key, value, first)
		first = false
	}
	return b
}

// HeartbeatRows are the table of the documentation.
func HeartbeatRows() []payload.Row {
	rows := []payload.Row{{Field: "class id", Has: "`" + heartbeatClass + "`"}, {Field: "severity", Has: "0"}}
	for _, f := range heartbeatFields {
		row := payload.Row{Field: f.key, Has: f.has}
		if f.label != "" {
			row.Note = "label `" + f.label + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
