package chain

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// slots bound what is under way. Probes need none: a server that is busy is not a server that is dead.
type slots struct{ calls, streams, requests chan struct{} }

func newSlots(calls, streams int) *slots {
	return &slots{
		calls:   make(chan struct{}, calls),
		streams: make(chan struct{}, streams),
		// An HTTP request may become a call or a stream, which then takes its own slot.
		requests: make(chan struct{}, calls+streams),
	}
}

func take(slots chan struct{}, what string) (release func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	default:
		f := fault.New(fault.QueueFull, "%d %s are under way, which is the limit; try again later", cap(slots), what)
		f.RetryAfter = time.Second
		return nil, f
	}
}

// limitsStep bounds the number of calls and gives a unary call without a deadline one. The size of messages is
// limited by the transports, before any step.
func limitsStep(s *slots, timeout time.Duration) Step {
	return Step{
		Name: StepLimits,
		Unary: func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if isProbe(info.FullMethod) {
				return next(ctx, req)
			}
			release, err := take(s.calls, "calls")
			if err != nil {
				return nil, err
			}
			defer release()
			if _, ok := ctx.Deadline(); !ok {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			release, err := take(s.streams, "streams")
			if err != nil {
				return err
			}
			defer release()
			return next(srv, ss)
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !isProbe(callOf(r.Context()).method) {
					release, err := take(s.requests, "requests")
					if err != nil {
						WriteError(w, r, err)
						return
					}
					defer release()
				}
				next.ServeHTTP(w, r)
			})
		},
	}
}
