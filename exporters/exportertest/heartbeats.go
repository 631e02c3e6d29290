package exportertest

import (
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Heartbeat is one of which every format has a golden file. It is the same at every call, and nobody else's.
func Heartbeat() exporters.Heartbeat {
	at := time.Date(2026, 3, 2, 9, 30, 0, 250_000_000, time.UTC)
	return exporters.Heartbeat{ID: "0b5d3c1e-6f0a-4f57-9a3e-2f8f3f0f9c11", Destination: "siem", Version: "1.2.3", Instance: "watch-1.example.com", Time: at, Interval: 5 * time.Minute,
		Watermarks: []exporters.Watermark{{Tenant: "acme", Time: at.Add(-95 * time.Second)}, {Tenant: "other"}}, Analysis: &exporters.Analysis{Failing: 1, Through: at.Add(-12 * time.Minute)}, State: status.DestinationOK, Pending: 3, OldestPending: at.Add(-1500 * time.Millisecond),
		Delivered: 4711, DeadLetters: 2, LastSuccess: at.Add(-2 * time.Second),
		Events: &status.Destination{State: status.DestinationRetrying, Pending: 12_000, OldestPending: at.Add(-time.Hour), Delivered: 1_000_000, DeadLetters: 1}}
}

// heartbeats come while alerts do, are told apart from them, and stop nothing when the receiver is gone.
func heartbeats(b *bench) {
	if _, ok := b.f.NewExporter(b, b.receiver, b.timeout).(exporters.HeartbeatExporter); !ok {
		b.Skip("it sends none")
	}
	b.beats = exporters.Heartbeats{Interval: 20 * time.Millisecond, Version: "1.2.3", Instance: "watch-1", Watermarks: func() []exporters.Watermark {
		return []exporters.Watermark{{Tenant: "acme", Time: time.Now()}}
	}}
	b.log.Append(Changes(1, 120)...)
	r, kill := b.start()
	defer func() { kill() }()
	b.eventually("heartbeats come while idle", func() bool { return b.heard() >= 3 && b.delivered() })
	if s := r.Status(); s.HeartbeatError != "" || s.LastHeartbeat.IsZero() {
		b.Errorf("status %+v", s)
	}
	b.receiver.Behave(Refuse)
	b.eventually("the status tells of the trouble", func() bool { s := r.Status(); return s.HeartbeatError != "" || s.LastError != "" })
	b.receiver.Behave(None)
	heard := b.heard()
	b.eventually("heartbeats come again", func() bool { return b.heard() > heard+1 && r.Status().HeartbeatError == "" })
	b.log.Append(Changes(121, 20)...)
	b.verify()
	kill()
	if n := len(b.store.DeadLetters(destination)); n != 0 {
		b.Errorf("%d dead letters of heartbeats", n)
	}
}

// heard are the heartbeats that the receiver knew as such, each once.
func (b *bench) heard() int {
	ids := map[string]bool{}
	for _, d := range b.receiver.Received() {
		if d.Heartbeat != "" {
			ids[d.Heartbeat] = true
		}
	}
	return len(ids)
}
