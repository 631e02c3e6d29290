package exporters

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/status"
)

// Outcomes of a change.
const (
	outcomeDelivered  = "delivered"
	outcomeFiltered   = "filtered"
	outcomeDeadLetter = "dead_letter"
	// outcomeUnchanged tells a receiver nothing new, outcomeSuperseded is older than what it has.
	outcomeUnchanged  = "unchanged"
	outcomeSuperseded = "superseded"
	outcomeExpired    = "expired"
	// outcomeHistorical is not asked for.
	outcomeHistorical = "historical"
)

type metrics struct {
	changes, failures *prometheus.CounterVec
	beats             *prometheus.CounterVec
	batches           prometheus.Histogram
}

func (m *metrics) register(to prometheus.Registerer, destination string, now func() status.Destination) error {
	m.changes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_export_changes_total",
		Help: "Changes of alerts, or events where the destination ends in /events, that it is done with, by outcome: delivered, filtered, historical, unchanged, superseded, dead_letter or expired."}, []string{"outcome"})
	m.failures = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_export_failures_total",
		Help: "Failed attempts by reason: retryable, unauthorized, permanent or storage."}, []string{"reason"})
	m.batches = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sealwatch_export_batch_duration_seconds",
		Help: "How long the receiver took to accept a batch.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9)})
	m.beats = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_export_heartbeats_total",
		Help: "Heartbeats by outcome: sent or failed. A failed one is not repeated; the next takes its place."}, []string{"outcome"})
	for _, outcome := range []string{"sent", "failed"} {
		m.beats.WithLabelValues(outcome)
	}
	for _, outcome := range []string{outcomeDelivered, outcomeFiltered, outcomeHistorical, outcomeUnchanged, outcomeSuperseded, outcomeDeadLetter, outcomeExpired} {
		m.changes.WithLabelValues(outcome)
	}
	if to == nil {
		return nil
	}
	to = prometheus.WrapRegistererWith(prometheus.Labels{"destination": destination}, to)
	gauge := func(name, help string, value func(status.Destination) float64) error {
		return to.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_export_" + name, Help: help},
			func() float64 { return value(now()) }))
	}
	return errors.Join(to.Register(m.changes), to.Register(m.failures), to.Register(m.batches), to.Register(m.beats),
		gauge("pending_changes", "Changes in the alert log, or events, that the destination has not passed yet.",
			func(d status.Destination) float64 { return float64(d.Pending) }),
		gauge("dead_letters", "Changes, or events, that the receiver refused for good.",
			func(d status.Destination) float64 { return float64(d.DeadLetters) }),
		gauge("paused", "1 while the destination waits for somebody to put its access right.",
			func(d status.Destination) float64 { return indicator(d.State == status.DestinationPaused) }),
		gauge("last_success_timestamp_seconds", "When the receiver last took something, in Unix seconds; 0 before the first time.",
			func(d status.Destination) float64 { return seconds(d.LastSuccess) }),
		gauge("last_heartbeat_timestamp_seconds", "When the receiver last took a heartbeat, in Unix seconds; 0 before the first time.",
			func(d status.Destination) float64 { return seconds(d.LastHeartbeat) }),
		gauge("oldest_pending_timestamp_seconds", "When the oldest change was made, or event came, that waits to be sent, in Unix seconds; 0 when none does.",
			func(d status.Destination) float64 { return seconds(d.OldestPending) }))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func (m *metrics) count(outcome string, n uint64) {
	m.changes.WithLabelValues(outcome).Add(float64(n))
}
