package rounds

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the outside sees of a source; names and help are those of every polled source.
type metrics struct {
	errors  *prometheus.CounterVec
	success prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer, source string, behind, calls func() float64) *metrics {
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"source": source}, reg)
	}
	f := promauto.With(reg)
	f.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_source_behind_seconds", Help: "Time since a source was last read to its end, or since the start."}, behind)
	f.NewCounterFunc(prometheus.CounterOpts{Name: "sealwatch_source_calls_total", Help: "Calls of a source."}, calls)
	return &metrics{
		errors:  f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_source_errors_total", Help: "Failures of a source by kind."}, []string{"kind"}),
		success: f.NewGauge(prometheus.GaugeOpts{Name: "sealwatch_source_last_success_timestamp_seconds", Help: "When a page was last read and stored."}),
	}
}
