package chain

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
)

// recoveryStep turns a panic into an error that the client learns nothing from; the stack goes to the log.
func recoveryStep(logger *slog.Logger, panics prometheus.Counter) Step {
	caught := func(ctx context.Context, p any) error {
		panics.Inc()
		c := callOf(ctx)
		logger.LogAttrs(ctx, slog.LevelError, "panic in a handler", slog.String("method", c.method),
			slog.String("requestId", c.id), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		return fmt.Errorf("panic: %v", p)
	}
	return Step{
		Name: StepRecovery,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
			defer func() {
				if p := recover(); p != nil {
					resp, err = nil, caught(ctx, p)
				}
			}()
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = caught(ss.Context(), p)
				}
			}()
			return next(srv, ss)
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					p := recover()
					if p == nil {
						return
					}
					if p == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
						panic(p)
					}
					err := caught(r.Context(), p)
					if begun(w) {
						// The answer is on its way; a cut connection is the only honest end of it.
						callOf(r.Context()).cause = err
						panic(http.ErrAbortHandler)
					}
					WriteError(w, r, err)
				}()
				next.ServeHTTP(w, r)
			})
		},
	}
}
