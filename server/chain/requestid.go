package chain

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// RequestIDHeader carries the request id in both directions, over HTTP and, in lower case, over gRPC.
const RequestIDHeader = "X-Request-Id"

const (
	requestIDKey       = "x-request-id"
	maxRequestIDLength = 64
)

func requestIDStep() Step {
	begin := func(ctx context.Context, method string) (context.Context, metadata.MD) {
		var offered string
		if v := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(v) == 1 {
			offered = v[0]
		}
		c := &call{id: requestID(offered), method: method}
		return withCall(ctx, c), metadata.Pairs(requestIDKey, c.id)
	}
	return Step{
		Name: StepRequestID,
		Unary: func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			ctx, md := begin(ctx, info.FullMethod)
			// Both fail only when the header is out already or there is no transport; the answer does not depend on it.
			_ = grpc.SetHeader(ctx, md)
			_ = grpc.SetTrailer(ctx, md)
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			ctx, md := begin(ss.Context(), info.FullMethod)
			_ = ss.SetHeader(md)
			ss.SetTrailer(md)
			return next(srv, &serverStream{ServerStream: ss, ctx: ctx})
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c := callOf(r.Context())
				c.id = requestID(r.Header.Get(RequestIDHeader))
				// The gateway forwards the request's header, so that both logs name the same id.
				r.Header.Set(RequestIDHeader, c.id)
				w.Header().Set(RequestIDHeader, c.id)
				next.ServeHTTP(w, r)
			})
		},
	}
}

// requestID takes the caller's id when it is short and plain, so that it can stand in a log line, and makes one
// otherwise.
func requestID(offered string) string {
	if offered == "" || len(offered) > maxRequestIDLength {
		return uuid.NewString()
	}
	for _, c := range []byte(offered) {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
		if !plain {
			return uuid.NewString()
		}
	}
	return offered
}
