package analytics

import "github.com/prometheus/client_golang/prometheus"

// metrics of the analysis; detection ids are the only label, and their number is bounded by the files.
type metrics struct {
	rounds  prometheus.Histogram
	pending prometheus.GaugeFunc
	errors  *prometheus.CounterVec
	changes *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, pending func() float64) *metrics {
	m := &metrics{
		rounds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sealwatch_analysis_round_seconds",
			Help: "Time that one round over all detections took.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 14)}),
		pending: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_analysis_pending_events",
			Help: "Stored events that some detection has not been through."}, pending),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_analysis_errors_total",
			Help: "Evaluations of a detection that failed."}, []string{"detection"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_alert_changes_total",
			Help: "Changes of alerts by the analysis."}, []string{"detection", "change"}),
	}
	if r != nil {
		r.MustRegister(m.rounds, m.pending, m.errors, m.changes)
	}
	return m
}
