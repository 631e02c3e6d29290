package leef

import (
	"strconv"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// heartbeatID is the event id of a heartbeat; no detection is called so.
const heartbeatID = "sealwatch_heartbeat"

// heartbeatFields are the mapping of a heartbeat.
var heartbeatFields = []struct {
	key   string
	has   string
	value func(*exporters.Heartbeat) string
}{
	{"devTime", "when it was made, in milliseconds", func(h *exporters.Heartbeat) string { return payload.Millis(h.Time) }},
	{"cat", "`heartbeat`", func(*exporters.Heartbeat) string { return exporters.HeartbeatType }},
	{"sev", "1", func(*exporters.Heartbeat) string { return "1" }},
	{"accountName", "tenant of the watermark", func(h *exporters.Heartbeat) string {
		_, w, _ := h.Lag()
		return w.Tenant
	}},
	{"heartbeatId", "id of the heartbeat", func(h *exporters.Heartbeat) string { return h.ID }},
	{"msg", "what it says, in words", (*exporters.Heartbeat).Text},
	{"destination", "name of the destination", func(h *exporters.Heartbeat) string { return h.Destination }},
	{"instance", "machine that Sealwatch runs on", func(h *exporters.Heartbeat) string { return h.Instance }},
	{"state", "state of the destination: `ok`, `retrying`, `paused`", func(h *exporters.Heartbeat) string { return h.State }},
	{"intervalSeconds", "how long it is until the next", func(h *exporters.Heartbeat) string { return payload.Decimal(h.Interval.Seconds()) }},
	{"watermark", "event time up to which events have come in, of the tenant that is furthest behind; in milliseconds", func(h *exporters.Heartbeat) string {
		_, w, _ := h.Lag()
		return payload.Millis(w.Time)
	}},
	{"lagSeconds", "how far that lies behind the heartbeat", func(h *exporters.Heartbeat) string {
		seconds, _, ok := h.Lag()
		if !ok {
			return ""
		}
		return payload.Decimal(seconds)
	}},
	{"failingDetections", "detections that fail now, or leave somebody out", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return strconv.Itoa(h.Analysis.Failing)
	}},
	{"analyzed", "up to when everything that came in has been through every detection, in milliseconds", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return payload.Millis(h.Analysis.Through)
	}},
	{"analysisLagSeconds", "how far that lies behind the heartbeat", func(h *exporters.Heartbeat) string {
		if h.Analysis == nil {
			return ""
		}
		return payload.Decimal(h.AnalysisLag())
	}},
	{"pending", "changes that wait", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.Pending, 10) }},
	{"oldestPending", "when the oldest of them was made, in milliseconds", func(h *exporters.Heartbeat) string { return payload.Millis(h.OldestPending) }},
	{"delivered", "changes delivered since the start", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.Delivered, 10) }},
	{"deadLetters", "dead letters that stand", func(h *exporters.Heartbeat) string { return strconv.FormatUint(h.DeadLetters, 10) }},
}

// AppendHeartbeat implements payload.Encoder.
func (e *Encoder) AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error) {
	b = append(b, "LEEF:2.0|"+payload.Vendor+"|"+payload.Product+"|"...)
	b = append(append(b, header(e.settings.Version, mostVersion)...), "|"+heartbeatID+"|x5E|"...)
	first := true
	for i := range heartbeatFields {
		f := &heartbeatFields[i]
		value := clean(f.value(h))
		if value == "" {
			continue
		}
		if !first {
			b = append(b, delimiter)
		}
		first = false
		b = append(append(append(b, f.key...), '='), value...)
	}
	return b, nil
}

// HeartbeatRows are the table of the documentation.
func HeartbeatRows() []payload.Row {
	rows := []payload.Row{{Field: "event id", Has: "`" + heartbeatID + "`"}}
	for _, f := range heartbeatFields {
		rows = append(rows, payload.Row{Field: f.key, Has: f.has})
	}
	return rows
}
