package server

import (
	"context"
	"errors"
)

// errDraining is the cause with which work ends that a stopping server does not wait for.
var errDraining = errors.New("the server stops")

// endWith is a context that ends with ctx, and with draining, then with errDraining as its cause. The caller MUST call
// cancel.
func endWith(ctx, draining context.Context) (_ context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(draining, func() { end(errDraining) })
	return ctx, func() {
		stop()
		end(nil)
	}
}
