package poll

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the outside sees of a source.
type metrics struct {
	calls, pages, records prometheus.Counter
	errors                *prometheus.CounterVec
	success               prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer, source string, behind, remaining func() float64) *metrics {
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"source": source}, reg)
	}
	f := promauto.With(reg)
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_source_behind_seconds", Help: "Time since a source was last read to its end, or since the start."}, behind)
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_source_budget_remaining", Help: "Calls that the source last said are left in its hour; -1 when it does not say."}, remaining)
	return &metrics{
		calls:   f.NewCounter(prometheus.CounterOpts{Name: "sealwatch_source_calls_total", Help: "Calls of a source."}),
		pages:   f.NewCounter(prometheus.CounterOpts{Name: "sealwatch_source_pages_total", Help: "Pages whose records are durable."}),
		records: f.NewCounter(prometheus.CounterOpts{Name: "sealwatch_source_records_total", Help: "Records in those pages; sealwatch_ingest_records_total has their outcome."}),
		errors:  f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_source_errors_total", Help: "Failures of a source by kind."}, []string{"kind"}),
		success: f.NewGauge(prometheus.GaugeOpts{Name: "sealwatch_source_last_success_timestamp_seconds", Help: "When a page was last read and stored."}),
	}
}
