package chain

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/problem"
)

// logStep writes one line a call, when it ends: who, what, how long, how it ended. It never writes what is in a
// request or an answer, because that is personal data.
//
// What ends because the server stops is counted in sentAway, and is for whoever debugs: a planned stop is no warning for each of a
// thousand readers.
func logStep(logger *slog.Logger, sentAway *atomic.Int64) Step {
	level := func(s *status.Status, otherwise slog.Level) slog.Level {
		if problem.Reason(s) != string(fault.ShuttingDown) {
			return otherwise
		}
		sentAway.Add(1)
		return slog.LevelDebug
	}
	grpcCall := func(ctx context.Context, begin time.Time, err error) {
		c := callOf(ctx)
		s := status.Convert(err)
		attrs := []slog.Attr{
			slog.String("method", c.method), slog.String("code", s.Code().String()),
			slog.Duration("duration", time.Since(begin)), slog.String("requestId", c.id),
		}
		if p, ok := peer.FromContext(ctx); ok {
			attrs = append(attrs, slog.String("peer", p.Addr.String()))
		}
		logger.LogAttrs(ctx, level(s, levelOf(c, s)), "call", withCause(attrs, c, s)...)
	}
	return Step{
		Name: StepLog,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			begin := time.Now()
			resp, err := next(ctx, req)
			grpcCall(ctx, begin, err)
			return resp, err
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			begin := time.Now()
			err := next(srv, ss)
			grpcCall(ss.Context(), begin, err)
			return err
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				begin := time.Now()
				// Deferred, because a handler that can no longer answer ends by a panic.
				defer func() {
					c, code := callOf(r.Context()), codeOf(w)
					said, how := problem.Status(c.cause, ""), levelOfHTTP(c, code)
					if !c.forwarded.Load() { // otherwise it was counted behind the gateway
						how = level(said, how)
					}
					attrs := []slog.Attr{
						slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("code", code),
						slog.Duration("duration", time.Since(begin)), slog.String("requestId", c.id),
						slog.String("peer", r.RemoteAddr),
					}
					logger.LogAttrs(r.Context(), how, "request", withCause(attrs, c, said)...)
				}()
				next.ServeHTTP(w, r)
			})
		},
	}
}

// withCause adds what the client was told and, where that hides the cause, the cause.
func withCause(attrs []slog.Attr, c *call, s *status.Status) []slog.Attr {
	switch {
	case s.Code() == codes.OK:
		return attrs
	case c.cause != nil:
		return append(attrs, slog.String("error", c.cause.Error()))
	}
	return append(attrs, slog.String("error", logged(s.Message())))
}

// mostLogged bounds, in bytes, what a line of the log repeats of an answer: some of it is what a client wrote.
const mostLogged = 1000

func logged(text string) string {
	if len(text) <= mostLogged {
		return text
	}
	return strings.ToValidUTF8(text[:mostLogged], "") + "…"
}

func levelOf(c *call, s *status.Status) slog.Level {
	switch s.Code() {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return slog.LevelError
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded:
		return slog.LevelWarn
	}
	if isProbe(c.method) {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func levelOfHTTP(c *call, code int) slog.Level {
	switch {
	case c.forwarded.Load(), isProbe(c.method) && code < http.StatusInternalServerError:
		return slog.LevelDebug
	case code == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case code >= http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// isProbe tells the calls that a machine makes every few seconds.
func isProbe(method string) bool {
	switch method {
	case "/healthz", "/readyz", "/metrics":
		return true
	}
	return strings.HasPrefix(method, "/grpc.health.v1.") || strings.HasPrefix(method, "/grpc.reflection.")
}
