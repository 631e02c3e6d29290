package exporters

import "context"

// pace waits until n more changes may be sent. What is sent again counts again: the receiver has to look at it too. While stopping
// it does not wait, because the changes would only stay behind.
func (r *Runner) pace(ctx context.Context, n int) error {
	if r.pacer == nil || r.stopping.Err() != nil {
		return nil
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()
	if err := r.pacer.WaitN(limited, n); err != nil && r.stopping.Err() == nil {
		return err
	}
	return ctx.Err()
}
