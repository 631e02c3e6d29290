package sentinel

import (
	"context"
	"math"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
)

// StreamHeartbeat is where heartbeats go: a table of their own, so that no search for alerts or for what people did meets one.
const StreamHeartbeat = "Custom-SealwatchHeartbeats"

// beatView is a heartbeat as its columns see it.
type beatView struct {
	*exporters.Heartbeat
	generated time.Time
}

func whole64(n uint64) int64 { return int64(min(n, math.MaxInt64)) } //nolint:gosec // bounded

// heartbeat are the columns of Sealwatch_Heartbeat_CL.
var heartbeat = []column[beatView]{
	{"TimeGenerated", moment, "", "when it was made", func(v beatView) any { return v.generated }},
	{"HeartbeatId", text, "", "its own id", func(v beatView) any { return v.ID }},
	{"Destination", text, "", "name of the destination in Sealwatch's configuration", func(v beatView) any { return v.Destination }},
	{"Instance", text, "", "machine that Sealwatch runs on", func(v beatView) any { return v.Instance }},
	{"ProductVersion", text, "", "version of Sealwatch", func(v beatView) any { return v.Version }},
	{"State", text, "", "`ok`, `retrying` or `paused`", func(v beatView) any { return v.State }},
	{"IntervalSeconds", decimal, "", "how long until the next", func(v beatView) any { return v.Interval.Seconds() }},
	{"PendingCount", long, "", "changes of alerts that wait", func(v beatView) any { return whole64(v.Pending) }},
	{"OldestPendingTime", moment, "", "since when the oldest waits", func(v beatView) any { return v.OldestPending }},
	{"PendingSeconds", decimal, "", "how long that is", func(v beatView) any { return v.PendingSeconds() }},
	{"DeliveredCount", long, "", "changes delivered since the start of Sealwatch", func(v beatView) any { return whole64(v.Delivered) }},
	{"DeadLetterCount", long, "", "changes that were refused for good", func(v beatView) any { return whole64(v.DeadLetters) }},
	{"LastSuccessTime", moment, "", "when the last was delivered", func(v beatView) any { return v.LastSuccess }},
	{"WatermarkTime", moment, "", "event time up to which events have come in, of the tenant that is furthest behind", func(v beatView) any {
		_, w, _ := v.Lag()
		return w.Time
	}},
	{"LagSeconds", decimal, "", "how long before the heartbeat that was", func(v beatView) any {
		lag, _, ok := v.Lag()
		if !ok {
			return nil
		}
		return lag
	}},
	{"FailingDetectionCount", long, "", "detections that fail now, or leave somebody out", func(v beatView) any {
		if v.Analysis == nil {
			return nil
		}
		return int64(v.Analysis.Failing)
	}},
	{"AnalyzedTime", moment, "", "up to when everything that came in has been through every detection", func(v beatView) any {
		if v.Analysis == nil {
			return time.Time{}
		}
		return v.Analysis.Through
	}},
	{"AnalysisLagSeconds", decimal, "", "how long before the heartbeat that was", func(v beatView) any {
		if v.Analysis == nil {
			return nil
		}
		return v.AnalysisLag()
	}},
	{"EventsState", text, "", "state of the forwarding of events, where there is any", func(v beatView) any {
		if v.Events == nil {
			return ""
		}
		return v.Events.State
	}},
	{"EventsPendingCount", long, "", "events that wait", func(v beatView) any {
		if v.Events == nil {
			return nil
		}
		return whole64(v.Events.Pending)
	}},
	{"Document", dynamic, "", "the whole heartbeat, with the watermark of each tenant", func(v beatView) any { return exporters.NewHeartbeatDocument(v.Heartbeat) }},
}

// ExportHeartbeat implements exporters.HeartbeatExporter.
func (x *Exporter) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	v := beatView{h, generated(h.Time, x.o.Clock())}
	r := appendRow(nil, heartbeat, v, func(string) {})
	if !r.fits { // with very many tenants; the columns say what matters
		short := *h
		short.Watermarks = h.Watermarks[:min(len(h.Watermarks), mostListed)]
		v.Heartbeat = &short
		r = appendRow(nil, heartbeat, v, func(string) {})
	}
	if refused := x.send(ctx, StreamHeartbeat, []item{{row: r.b}}); refused != nil {
		return &refused.Error
	}
	return nil
}
