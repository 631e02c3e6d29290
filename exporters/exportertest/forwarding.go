package exportertest

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
)

// forwarding: events arrive, each at least once and whatever stands in them, although the receiver goes away and the process dies; one that
// cannot be sent becomes a dead letter. They are never taken for alerts.
func forwarding(b *bench) {
	if _, ok := b.f.NewExporter(b, b.receiver, b.timeout).(exporters.EventExporter); !ok {
		b.Skip("it forwards no events")
	}
	log := NewEventLog()
	for n := range 40 {
		log.Append(NastyEvent(n + 1))
	}
	log.Append(GoldenEvents()...)
	bad := Event(1000)
	bad.ID = strings.Repeat("0", 70_000) // more than any message or field has room for, where there is a bound
	log.Append(Events(1001, 100)...)
	log.Append(bad)
	log.Append(Events(1101, 100)...)
	arrived := func(r *exporters.Runner) func() bool {
		return func() bool {
			got, dead := b.events(), b.store.DeadLetters(exporters.EventsName(destination))
			for _, e := range log.all() {
				if e.ID == bad.ID && shortened(got, e.ID) {
					continue
				}
				if _, buried := dead[e.Sequence]; !got[e.ID] && !buried {
					return false
				}
			}
			return r.Status().Pending == 0
		}
	}
	r, kill := b.forward(log)
	b.eventually("every event has arrived or is a dead letter", arrived(r))
	kill() // while nothing is under way: what syslog has just written is kept by the process alone
	log.Append(Events(1201, 100)...)
	r, kill = b.forward(log)
	defer func() { kill() }()
	b.eventually("the forwarder goes on where it was", arrived(r))
	b.receiver.Behave(Refuse)
	log.Append(Events(1301, 100)...)
	b.eventually("the status tells of the failure", func() bool { return r.Status().LastError != "" })
	b.receiver.Behave(None)
	b.eventually("every event has arrived", arrived(r))
	for sequence, l := range b.store.DeadLetters(exporters.EventsName(destination)) {
		if l.AlertID != bad.ID {
			b.Errorf("event %d became a dead letter: %s", sequence, l.Reason)
		}
	}
	if n := len(b.store.DeadLetters(destination)); n != 0 {
		b.Errorf("%d dead letters of alerts", n)
	}
	for _, d := range b.receiver.Received() {
		if d.Event == "" {
			b.Errorf("the receiver took it for an alert: %+v", d)
		}
	}
}

// shortened says whether an id came as far as a field has room for it.
func shortened(got map[string]bool, id string) bool {
	for g := range got {
		if len(g) > 1000 && strings.HasPrefix(id, strings.TrimRight(g, "….")) {
			return true
		}
	}
	return false
}

// forward runs a new forwarder.
func (b *bench) forward(log exporters.EventLog) (r *exporters.Runner, kill func()) {
	b.Helper()
	r, err := exporters.NewForwarder(exporters.Options{Name: destination, Exporter: b.f.NewExporter(b, b.receiver, b.timeout), Cursors: b.store, DeadLetters: b.store, Start: exporters.Start{FromFirst: true},
		RetryMin: time.Millisecond, RetryMax: 50 * time.Millisecond, PausedInterval: 50 * time.Millisecond, KeepInterval: 20 * time.Millisecond, AttemptTimeout: long, Logger: slog.New(slog.DiscardHandler)},
		log, exporters.EventSelection{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			b.Errorf("Run: %v", err)
		}
	}()
	return r, func() { cancel(); <-done }
}

// events are the ids of those that the receiver knew as such.
func (b *bench) events() map[string]bool {
	ids := map[string]bool{}
	for _, d := range b.receiver.Received() {
		if d.Event != "" {
			ids[d.Event] = true
		}
	}
	return ids
}
