package analytics

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Drain evaluates until nothing is behind, and describes the alerts.
func (r *Runner) Drain(ctx context.Context) error {
	if err := r.finishPlacing(ctx); err != nil {
		return err
	}
	for r.behind() {
		if !r.round(ctx) {
			return errRound{r.Status().LastError}
		}
	}
	return r.redescribe(ctx)
}

// Behind says whether events wait for a round.
func (r *Runner) Behind() bool { return r.behind() }

type errRound struct{ text string }

func (e errRound) Error() string { return "a round failed: " + e.text }

// KnownAttributes are the attributes that are known whole in a finding's evidence.
func KnownAttributes(d *Definition, text string) []string {
	var names []string
	read := readEvidence(text)
	for name, a := range d.Attributes {
		if _, complete := read.values(a); complete {
			names = append(names, name)
		}
	}
	return names
}

// Consider lets a backtest take exceptions and the directory into account.
func (b *Backtester) Consider(exceptions func(string) []alert.Exception, people People) {
	b.o.Exceptions, b.o.People = exceptions, people
}

// Groupings is how often all alerts were grouped.
func (n *Incidents) Groupings() int { return n.groupings }

// Hold keeps others from catching up with the log until release is called.
func (n *Incidents) Hold() (release func()) {
	n.reading <- struct{}{}
	return func() { <-n.reading }
}
