package embedded

import (
	"context"
)

// Serve runs an engine on its own, for the command "sealwatch engine": it
// starts it, calls ready, and stops it when ctx ends. DATA/engine.json tells
// people how to reach it.
func Serve(ctx context.Context, options Options, ready func(*Engine)) error {
	options.PublishReader = true
	e, err := Start(ctx, options)
	if err != nil {
		return err
	}
	if ready != nil {
		ready(e)
	}
	<-ctx.Done()
	return e.Stop(context.WithoutCancel(ctx))
}
