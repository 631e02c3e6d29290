package app

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// destinationBook is what the API shows and steers of destinations.
type destinationBook struct {
	*clickhouse.DB
	destinations []destination
	tenant       string
}

func (b *destinationBook) Destinations() []status.Destination {
	all := make([]status.Destination, len(b.destinations))
	for i := range b.destinations {
		all[i] = b.destinations[i].status()
	}
	return all
}

// runner is nil for a destination that is not configured; a name with /events is its forwarding of events.
func (b *destinationBook) runner(name string) *exporters.Runner {
	for i := range b.destinations {
		for _, r := range b.destinations[i].runners() {
			if r.Status().Name == name {
				return r
			}
		}
	}
	return nil
}

func (b *destinationBook) ResumeDestination(_ context.Context, name string) (status.Destination, error) {
	r := b.runner(name)
	if r == nil {
		return status.Destination{}, b.unknown(name)
	}
	before := r.Status()
	if before.State != status.DestinationOK {
		r.Resume()
	}
	if f := b.runner(exporters.EventsName(name)); f != nil {
		events := f.Status()
		before.Events = &events
		if events.State != status.DestinationOK {
			f.Resume()
		}
	}
	return before, nil
}

// unknown is the error for a name that no destination has.
func (b *destinationBook) unknown(name string) error {
	var there []string
	for i := range b.destinations {
		there = append(there, b.destinations[i].status().Name)
	}
	return status.NoDestination(name, there)
}

// trialPatience bounds a test of a destination, unless its exporter needs longer, for an acknowledgement.
const trialPatience = time.Minute

func (b *destinationBook) TestDestination(ctx context.Context, name string) (id, refusal string, err error) {
	r := b.runner(name)
	if r == nil {
		return "", "", b.unknown(name)
	}
	c := trialAlert(b.tenant, name, time.Now().UTC())
	patience := max(trialPatience, r.Patience())
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch err := r.Try(bounded, c); {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case bounded.Err() != nil:
		return c.ID, "it did not take the test within " + patience.String() + "; what went before it may still be under way", nil
	case err != nil:
		return c.ID, err.Error(), nil
	}
	return c.ID, "", nil
}

// trialAlert says in every format that it is none: by its title and its detection.
func trialAlert(tenant, destination string, at time.Time) alert.Change {
	return alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: "sealwatch-test-" + rand.Text()[:10],
		Finding: alert.Finding{Tenant: tenant, Detection: "test", Key: "test", Title: "Test of the destination " + destination + ", no alert", Severity: alert.SeverityInformational,
			Subject: alert.Subject{Type: "source", ID: "sealwatch exporters test"}, Start: at, End: at, Anchor: at, Evidence: `{"test":true}`},
		Created: at, Updated: at, Actor: "test"}}
}

// lettersAtOnce is how many letters with their payloads are in memory.
const lettersAtOnce = 100

func (b *destinationBook) MoveDeadLetters(ctx context.Context, w status.DeadLetterWork) (matched, moved, needless int, err error) {
	r := b.runner(w.Destination)
	if r == nil && w.State == status.LetterReplay {
		return 0, 0, 0, fault.New(fault.NotFound, "no destination %q is configured, so that nothing can be sent to it; its dead letters can be discarded", w.Destination)
	}
	if w.Sequence > 0 {
		l, err := b.GetDeadLetter(ctx, w.Destination, w.Sequence)
		if err != nil {
			return 0, 0, 0, err
		}
		if l.State == w.State {
			return 1, 0, 0, nil
		}
		needless, err := b.move(ctx, r, &w, []status.DeadLetter{l})
		if err != nil {
			return 1, 0, 0, err
		}
		return 1, 1 - needless, needless, nil
	}
	all, err := b.DeadLetters(ctx, status.DeadLetterQuery{Destination: w.Destination, AlertID: w.AlertID, Limit: status.MostLetters + 1})
	if err != nil {
		return 0, 0, 0, err
	}
	switch matched = len(all); {
	case matched > status.MostLetters:
		return matched, 0, 0, fault.New(fault.InvalidArgument, "alert: more than %d dead letters are selected; expected an alert, or one after the other", status.MostLetters)
	case w.Expected != nil && *w.Expected != matched:
		return matched, 0, 0, fault.New(fault.CountMismatch, "expectedCount: found %d, but there are %d dead letters; nothing was changed", *w.Expected, matched)
	case w.DryRun:
		return matched, 0, 0, nil
	case w.Expected == nil && matched > status.UncountedLetters:
		return matched, 0, 0, fault.New(fault.CountMismatch, "expectedCount: not given, and there are %d dead letters; to change more than %d, repeat their number. Nothing was changed", matched, status.UncountedLetters)
	}
	for len(all) > 0 {
		n := min(len(all), lettersAtOnce)
		last := all[n-1].Sequence
		page, err := b.DeadLetters(ctx, status.DeadLetterQuery{Destination: w.Destination, AlertID: w.AlertID, AfterDestination: w.Destination, AfterSequence: all[0].Sequence - 1, Limit: n, Full: true})
		if err != nil {
			return matched, moved, needless, err
		}
		all = all[n:]
		var change []status.DeadLetter
		for i := range page {
			if page[i].Sequence <= last && page[i].State != w.State {
				change = append(change, page[i])
			}
		}
		if len(change) == 0 {
			continue
		}
		n, err = b.move(ctx, r, &w, change)
		if err != nil {
			return matched, moved, needless, err
		}
		moved, needless = moved+len(change)-n, needless+n
	}
	return matched, moved, needless, nil
}

// move returns how many letters were given up because there was nothing to send.
func (b *destinationBook) move(ctx context.Context, r *exporters.Runner, w *status.DeadLetterWork, all []status.DeadLetter) (needless int, err error) {
	switch {
	case w.State == status.LetterReplay:
		return r.ReplayDeadLetters(ctx, all, w.Author)
	case r != nil:
		return 0, r.DiscardDeadLetters(ctx, all, w.Author)
	}
	for i := range all {
		all[i] = all[i].Moved(w.State, time.Now())
		all[i].Author = w.Author
	}
	return 0, b.AddDeadLetters(ctx, uuid.NewString(), all)
}
