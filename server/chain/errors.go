package chain

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwatch/sealwatch/server/problem"
)

// errorsStep makes every error of what is inside it the status that the client sees, and keeps the cause for the log.
// Plain HTTP handlers answer with WriteError, which does the same.
func errorsStep() Step {
	public := func(ctx context.Context, err error) error {
		if err == nil {
			return nil
		}
		c := callOf(ctx)
		c.cause = err
		return problem.Status(err, c.id).Err()
	}
	return Step{
		Name: StepErrors,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			resp, err := next(ctx, req)
			return resp, public(ctx, err)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return public(ss.Context(), next(srv, ss))
		},
	}
}

// WriteError answers a plain HTTP request with the JSON form of the error's status. It MUST be called before
// anything else was written.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	WriteErrorCode(w, r, err, 0)
}

// Fail makes the status that the client sees of an error, and keeps the cause for the log. It is for a handler that
// writes the status in a form of its own.
func Fail(r *http.Request, err error) *status.Status {
	c := callOf(r.Context())
	c.cause = err
	return problem.Status(err, c.id)
}

// WriteErrorCode is WriteError with another HTTP code than the one that belongs to the error; 0 means that one.
func WriteErrorCode(w http.ResponseWriter, r *http.Request, err error, code int) {
	s := Fail(r, err)
	body, marshalErr := protojson.Marshal(s.Proto())
	if marshalErr != nil {
		body = []byte(`{"code":13,"message":"internal error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Del("Transfer-Encoding")
	h.Del("Trailer")
	if d := problem.RetryAfter(s); d > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10))
	}
	if code == 0 {
		code = problem.HTTPCode(s)
	}
	w.WriteHeader(code)
	// The client may be gone; there is nobody to tell.
	_, _ = w.Write(append(body, '\n'))
}
