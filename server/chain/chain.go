// Package chain is what every call goes through before a handler sees it, over gRPC and over HTTP: one list of steps
// for both, in one order.
package chain

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/sealwatch/sealwatch/server/validate"
)

// Names of the steps, outermost first. The log and the metrics see what a panic became, so recovery is inside them;
// who calls is settled before a message is validated, so that a stranger cannot probe the schema.
const (
	StepRequestID      = "request-id"
	StepLog            = "log"
	StepMetrics        = "metrics"
	StepErrors         = "errors"
	StepRecovery       = "recovery"
	StepLimits         = "limits"
	StepAuthentication = "authentication"
	StepAuthorization  = "authorization"
	StepValidation     = "validation"
)

// Options of the chain; every field is required.
type Options struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Validator  *validate.Validator
	// CallTimeout is the deadline of a unary call that brings none.
	CallTimeout time.Duration
	// MaxCalls and MaxStreams bound the unary calls and the streams that are under way; more are refused.
	MaxCalls, MaxStreams int
	// HTTPHosts are names, beside loopback ones, by which a browser may address this server.
	HTTPHosts []string
}

// Step is one link: what it does to a unary call, to a stream and to an HTTP request. HTTP is nil where the step has
// no meaning for a plain handler.
type Step struct {
	Name   string
	Unary  grpc.UnaryServerInterceptor
	Stream grpc.StreamServerInterceptor
	HTTP   func(http.Handler) http.Handler
}

// Chain is the list of steps.
type Chain struct {
	Steps    []Step
	slots    *slots
	sentAway atomic.Int64
}

// SentAway is how many calls and streams ended because the server stops.
func (c *Chain) SentAway() int64 { return c.sentAway.Load() }

// UnderWay is how many calls and streams have a handler that runs.
func (c *Chain) UnderWay() int { return len(c.slots.calls) + len(c.slots.streams) }

// New makes the chain. It registers its metrics and fails when they are registered already.
func New(o Options) (*Chain, error) {
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	slots := newSlots(o.MaxCalls, o.MaxStreams)
	c := &Chain{slots: slots}
	c.Steps = []Step{
		requestIDStep(),
		logStep(o.Logger, &c.sentAway),
		m.step(),
		errorsStep(),
		recoveryStep(o.Logger, m.panics),
		limitsStep(slots, o.CallTimeout),
		authenticationStep(o.HTTPHosts),
		authorizationStep(),
		validationStep(o.Validator),
	}
	return c, nil
}

// ServerOptions puts the chain into a gRPC server.
func (c *Chain) ServerOptions() []grpc.ServerOption {
	var (
		unary  []grpc.UnaryServerInterceptor
		stream []grpc.StreamServerInterceptor
	)
	for _, s := range c.Steps {
		unary, stream = append(unary, s.Unary), append(stream, s.Stream)
	}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...)}
}

// HTTP puts the chain around a handler. route names it in log and metrics.
func (c *Chain) HTTP(route string, h http.Handler) http.Handler { return c.around(route, h) }

// Signed is HTTP for a handler that tells by a signature whether a request is to be taken. Such requests come from elsewhere and through
// proxies, so that neither peer nor Host header says anything; the handler bounds how many it takes, so that strangers take no
// slot from the calls.
func (c *Chain) Signed(route string, h http.Handler) http.Handler {
	return c.around(route, h, StepLimits, StepAuthentication, StepAuthorization)
}

func (c *Chain) around(route string, h http.Handler, without ...string) http.Handler {
	for i := len(c.Steps) - 1; i >= 0; i-- {
		if c.Steps[i].HTTP != nil && !slices.Contains(without, c.Steps[i].Name) {
			h = c.Steps[i].HTTP(h)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &response{ResponseWriter: w}
		// The deadline stays on a connection that is kept alive, so it is set at both ends and not only by Write.
		out.extend()
		defer out.extend()
		h.ServeHTTP(out, r.WithContext(withCall(r.Context(), &call{method: route})))
	})
}

// serverStream is a stream with another context.
type serverStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // that is what grpc.ServerStream is
}

func (s *serverStream) Context() context.Context { return s.ctx }
