package connect

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the outside sees of a source.
type metrics struct {
	deliveries   map[string]prometheus.Counter
	keys         []prometheus.Counter
	success, lag prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer, source string, keys int) *metrics {
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"source": source}, reg)
	}
	f := promauto.With(reg)
	m := &metrics{
		deliveries: map[string]prometheus.Counter{},
		success:    f.NewGauge(prometheus.GaugeOpts{Name: "sealwatch_connect_last_success_timestamp_seconds", Help: "When a delivery was last made durable."}),
		lag:        f.NewGauge(prometheus.GaugeOpts{Name: "sealwatch_connect_lag_seconds", Help: "How long the last new event had been on its way when it was delivered."}),
	}
	all := f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_connect_deliveries_total", Help: "Deliveries by outcome: stored, duplicate, kept (no event, in rejected_records), signature, unsigned, oversized, broken (not whole in time) and busy (refused), failed (to come again), trial (of sealwatch doctor, stored nowhere)."}, []string{"outcome"})
	for _, o := range []string{outcomeStored, outcomeDuplicate, outcomeKept, outcomeSignature, outcomeUnsigned, outcomeOversized, outcomeBroken, outcomeBusy, outcomeFailed, outcomeTrial} {
		m.deliveries[o] = all.WithLabelValues(o)
	}
	used := f.NewCounterVec(prometheus.CounterOpts{Name: "sealwatch_connect_key_deliveries_total", Help: "Deliveries by the HMAC key that signed them, numbered from 0 in the order of the configuration: a key that is not used any more can go."}, []string{"key"})
	for i := range keys {
		m.keys = append(m.keys, used.WithLabelValues(strconv.Itoa(i)))
	}
	return m
}

func newStrangers(reg prometheus.Registerer) prometheus.Counter {
	return promauto.With(reg).NewCounter(prometheus.CounterOpts{Name: "sealwatch_connect_unknown_address_total", Help: "Deliveries to an address under /v1/connect that no source has."})
}
