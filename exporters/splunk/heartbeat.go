package splunk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// HeartbeatSourcetype keeps heartbeats out of every search for alerts.
const HeartbeatSourcetype = "sealwatch:heartbeat"

// heartbeatField is a key of a heartbeat.
type heartbeatField struct {
	name, about string
	value       func(h *exporters.Heartbeat) any
}

var heartbeatFields = []heartbeatField{
	{"vendor_product", "`Sealwatch`", func(*exporters.Heartbeat) any { return payload.Product }},
	{"type", "`heartbeat`", func(*exporters.Heartbeat) any { return exporters.HeartbeatType }},
	{"id", "id of the heartbeat", func(h *exporters.Heartbeat) any { return h.ID }},
	{"destination", "name of the destination", func(h *exporters.Heartbeat) any { return h.Destination }},
	{"instance", "machine that Sealwatch runs on", func(h *exporters.Heartbeat) any { return h.Instance }},
	{"version", "version of Sealwatch", func(h *exporters.Heartbeat) any { return h.Version }},
	{"interval_seconds", "how long it is until the next", func(h *exporters.Heartbeat) any { return exporters.Score(h.Interval.Seconds()) }},
	{"vendor_account", "tenant of the watermark", func(h *exporters.Heartbeat) any {
		_, w, _ := h.Lag()
		return w.Tenant
	}},
	{"watermark", "event time up to which events have come in, of the tenant that is furthest behind", func(h *exporters.Heartbeat) any {
		_, w, ok := h.Lag()
		if !ok {
			return ""
		}
		return w.Time.UTC().Format(time.RFC3339Nano)
	}},
	{"lag_seconds", "how far that lies behind the heartbeat", func(h *exporters.Heartbeat) any {
		seconds, _, ok := h.Lag()
		if !ok {
			return ""
		}
		return exporters.Score(seconds)
	}},
	{"failing_detections", "detections that fail now, or leave somebody out", func(h *exporters.Heartbeat) any {
		if h.Analysis == nil {
			return ""
		}
		return uint64(max(h.Analysis.Failing, 0))
	}},
	{"analyzed", "up to when everything that came in has been through every detection", func(h *exporters.Heartbeat) any {
		if h.Analysis == nil {
			return ""
		}
		return h.Analysis.Through.UTC().Format(time.RFC3339Nano)
	}},
	{"analysis_lag_seconds", "how far that lies behind the heartbeat", func(h *exporters.Heartbeat) any {
		if h.Analysis == nil {
			return ""
		}
		return exporters.Score(h.AnalysisLag())
	}},
	{"state", "state of the destination: `ok`, `retrying`, `paused`", func(h *exporters.Heartbeat) any { return h.State }},
	{"pending", "changes that wait", func(h *exporters.Heartbeat) any { return h.Pending }},
	{"pending_seconds", "how long the oldest of them has waited", func(h *exporters.Heartbeat) any { return exporters.Score(h.PendingSeconds()) }},
	{"delivered", "changes delivered since the start", func(h *exporters.Heartbeat) any { return h.Delivered }},
	{"dead_letters", "dead letters that stand", func(h *exporters.Heartbeat) any { return h.DeadLetters }},
	{"events_state", "the same of the forwarding of events, where there is that", func(h *exporters.Heartbeat) any {
		if h.Events == nil {
			return ""
		}
		return h.Events.State
	}},
	{"events_pending", "events of the log that it has not passed yet", func(h *exporters.Heartbeat) any {
		if h.Events == nil {
			return ""
		}
		return h.Events.Pending
	}},
}

// ExportHeartbeat implements exporters.HeartbeatExporter. Splunk's reply counts: nobody asks for an acknowledgement of it.
func (x *Exporter) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	if time.Now().Before(x.slowUntil) {
		return errors.New("splunk: its queues are nearly full, so that no heartbeat is sent")
	}
	event, err := x.encoder.heartbeat(h)
	if err != nil {
		return err
	}
	to := x.endpoints[x.current]
	r := to.send(ctx, event, false, 1)
	if r.action == noAck && !x.o.NoAck {
		x.withoutAck(ctx, r)
		r = to.send(ctx, event, false, 1)
	}
	if r.action == taken || r.action == slower {
		return nil
	}
	return r.err
}

func (e *encoder) heartbeat(h *exporters.Heartbeat) ([]byte, error) {
	b := appendEnvelope(nil, h.Time, e.heartbeats)
	b = append(b, `,"event":{`...)
	for i := range heartbeatFields {
		f := &heartbeatFields[i]
		var err error
		if b, err = appendField(b, f.name, f.value(h)); err != nil {
			return nil, fmt.Errorf("field %s of a heartbeat: %w", f.name, err)
		}
	}
	return append(b, "}}"...), nil
}
