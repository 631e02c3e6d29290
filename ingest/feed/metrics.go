package feed

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the outside sees of a feed.
type metrics struct {
	attempts       map[string]prometheus.Counter
	added, removed prometheus.Counter
}

// Outcomes of an attempt.
const (
	outcomeTaken  = "taken"
	outcomeSame   = "same"
	outcomeHeld   = "held"
	outcomeFailed = "failed"
)

// newMetrics registers what is counted; with a nil Registerer it is shown nowhere.
func newMetrics(reg prometheus.Registerer, f *Feed) *metrics {
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"feed": f.o.Says.Source}, reg)
	}
	p := promauto.With(reg)
	m := &metrics{attempts: map[string]prometheus.Counter{}}
	for _, outcome := range []string{outcomeTaken, outcomeSame, outcomeHeld, outcomeFailed} {
		m.attempts[outcome] = p.NewCounter(prometheus.CounterOpts{Name: "sealwatch_feed_attempts_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "Times that a feed was fetched, by outcome: taken, same, held or failed."})
	}
	m.added = p.NewCounter(prometheus.CounterOpts{Name: "sealwatch_feed_added_total", Help: "Networks that appeared in a feed."})
	m.removed = p.NewCounter(prometheus.CounterOpts{Name: "sealwatch_feed_removed_total", Help: "Networks that left a feed."})
	p.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_feed_entries", Help: "Networks in the copy of a feed that is in force."},
		func() float64 { return float64(f.Status().Entries) })
	p.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_feed_last_success_timestamp_seconds", Help: "When a feed was last fetched well; 0 before the first time."},
		func() float64 {
			if at := f.Status().LastSuccess; !at.IsZero() {
				return float64(at.UnixMilli()) / 1000
			}
			return 0
		})
	p.NewGaugeFunc(prometheus.GaugeOpts{Name: "sealwatch_feed_held", Help: "1 while a copy of a feed waits to be confirmed."},
		func() float64 {
			if f.Status().HeldSince.IsZero() {
				return 0
			}
			return 1
		})
	return m
}
