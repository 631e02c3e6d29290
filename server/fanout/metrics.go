package fanout

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	subscribers                              *prometheus.GaugeVec
	messages, encodings                      *prometheus.CounterVec
	missed, missedSpans, refused, stalled    prometheus.Counter
	changesSent, heartbeatsSent, missedsSent prometheus.Counter
}

func newMetrics(r prometheus.Registerer, slowest func() float64) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "sealwatch_alert_stream_" + name, Help: help})
	}
	m := &metrics{
		subscribers: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sealwatch_alert_stream_subscribers",
			Help: "Open streams of alerts by protocol."}, []string{"protocol"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_alert_stream_messages_total",
			Help: "Messages sent on streams of alerts by kind: change, heartbeat, missed."}, []string{"kind"}),
		encodings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_alert_stream_encodings_total",
			Help: "Changes encoded for streams of alerts by form; all readers of a form share one."}, []string{"form"}),
		missed:      counter("missed_changes_total", "Changes that were passed over for readers that were too slow, filtered ones included."),
		missedSpans: counter("missed_spans_total", "How often a reader was told that it had missed changes."),
		refused:     counter("refused_total", "Streams of alerts that were refused because of a limit on subscribers."),
		stalled:     counter("stalled_total", "Streams of alerts that were ended because the reader took nothing for too long."),
	}
	m.changesSent, m.heartbeatsSent, m.missedsSent = m.messages.WithLabelValues("change"), m.messages.WithLabelValues("heartbeat"), m.messages.WithLabelValues("missed")
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_alert_stream_slowest_lag_changes",
		Help: "How many changes the slowest stream of alerts is behind the end of the log, those that replay included."}, slowest)
	for _, c := range []prometheus.Collector{m.subscribers, m.messages, m.encodings, m.missed, m.missedSpans, m.refused, m.stalled, lag} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the streams of alerts: %w", err)
		}
	}
	return m, nil
}
