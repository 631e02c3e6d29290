package chain

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
)

// durationBuckets in seconds: the budget of a call is milliseconds, that of an import minutes.
var durationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

type metrics struct {
	calls    *grpcprom.ServerMetrics
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(
			grpcprom.WithHistogramBuckets(durationBuckets))),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sealwatch_http_requests_total", Help: "HTTP requests by route and status code.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sealwatch_http_request_duration_seconds", Help: "Duration of HTTP requests by route.",
			Buckets: durationBuckets,
		}, []string{"route"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sealwatch_panics_total", Help: "Panics in handlers; each is a defect, and its stack is in the log.",
		}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.requests, m.duration, m.panics} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the server: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) step() Step {
	return Step{
		Name:   StepMetrics,
		Unary:  m.calls.UnaryServerInterceptor(),
		Stream: m.calls.StreamServerInterceptor(),
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				begin := time.Now()
				defer func() {
					route := callOf(r.Context()).method
					m.requests.WithLabelValues(route, strconv.Itoa(codeOf(w))).Inc()
					m.duration.WithLabelValues(route).Observe(time.Since(begin).Seconds())
				}()
				next.ServeHTTP(w, r)
			})
		},
	}
}
