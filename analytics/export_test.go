package analytics

import "context"

// Drain evaluates until nothing is behind, and describes the alerts.
func (r *Runner) Drain(ctx context.Context) error {
	for r.behind() {
		if !r.round(ctx) {
			return errRound{r.Status().LastError}
		}
	}
	return r.redescribe(ctx)
}

type errRound struct{ text string }

func (e errRound) Error() string { return "a round failed: " + e.text }
