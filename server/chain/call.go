package chain

import (
	"context"
	"sync/atomic"
)

// call is what the steps tell one another about one call.
type call struct {
	id     string
	method string
	// forwarded says that the request went on over gRPC, where it is logged and counted.
	forwarded atomic.Bool
	// cause is the error as the handler returned it, for the log.
	cause error
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf is never nil: outside of a chain it is an empty one.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// RequestID of the call, empty outside of a chain.
func RequestID(ctx context.Context) string { return callOf(ctx).id }

// Forwarded marks an HTTP request as one that went on over gRPC.
func Forwarded(ctx context.Context) { callOf(ctx).forwarded.Store(true) }
