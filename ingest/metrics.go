package ingest

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/sealwatch/sealwatch/internal/event"
)

// metrics are what the outside sees of the work.
type metrics struct {
	records       *prometheus.CounterVec
	held          *prometheus.CounterVec
	commitSeconds prometheus.Histogram
	commitRows    prometheus.Histogram
	retries       *prometheus.CounterVec
}

// newMetrics registers the metrics; with a nil Registerer they are kept and shown nowhere.
func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		records: f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_ingest_records_total",
			Help: "Records by source and outcome: accepted, duplicate, conflict or rejected."}, []string{"source", "outcome"}),
		held: f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_ingest_held_total",
			Help: "Accepted records that lie too far ahead of the clock to be analysed yet, by source."}, []string{"source"}),
		commitSeconds: f.NewHistogram(prometheus.HistogramOpts{Name: "sealwatch_ingest_commit_seconds",
			Help: "Time that a group of events took from leaving the queue to being durable.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}),
		commitRows: f.NewHistogram(prometheus.HistogramOpts{Name: "sealwatch_ingest_commit_rows",
			Help: "Events in a group.", Buckets: prometheus.ExponentialBuckets(1, 4, 9)}),
		retries: f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_ingest_retries_total",
			Help: "Calls of the database that were made again, by operation."}, []string{"operation"}),
	}
}

// watch shows the state of a queue.
func (m *metrics) watch(reg prometheus.Registerer, q *queue) {
	f := promauto.With(reg)
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_ingest_queue_rows", Help: "Events that wait to be stored or are being stored."},
		func() float64 { rows, _ := q.size(); return float64(rows) })
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_ingest_queue_bytes", Help: "Size of the events that wait to be stored or are being stored."},
		func() float64 { _, bytes := q.size(); return float64(bytes) })
}

func (m *metrics) count(source string, r event.Receipt) {
	for outcome, n := range map[string]int{"accepted": r.Accepted, "duplicate": r.Duplicates, "conflict": r.Conflicts, "rejected": r.Rejected} {
		m.records.WithLabelValues(source, outcome).Add(float64(n))
	}
	m.held.WithLabelValues(source).Add(float64(r.Held))
}
