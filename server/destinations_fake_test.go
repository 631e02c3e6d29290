package server_test

import (
	"context"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// destinations has one that is paused, with two letters, the letter of an event that it was to be forwarded, and one of a destination that
// is no longer configured.
type destinations struct {
	one     status.Destination
	letters []status.DeadLetter
}

const (
	letterAlert = "000000000000000000000000000000aa"
	letterGone  = 19 // the number of a letter whose alert was retracted, and that is in no list
	letterEvent = "3d0c0a4e-5f55-4e0e-9a53-6a1f6d2b9c01/2"
)

func storedDestinations() *destinations {
	letter := func(name string, sequence uint64) status.DeadLetter {
		return status.DeadLetter{Destination: name, Sequence: sequence, AlertID: letterAlert, Reason: "too long", Time: epoch.Add(time.Hour), First: epoch, Payload: `{"name":"x"}`}
	}
	event := letter("siem/events", 17)
	event.AlertID, event.Reason, event.Payload = letterEvent, "no such index", `{"type":"event"}`
	return &destinations{one: status.Destination{Name: "siem", Kind: "splunk", State: status.DestinationPaused, Events: &status.Destination{State: status.DestinationRetrying, Pending: 5, Delivered: 30, DeadLetters: 1, LastError: "busy", OldestPending: epoch}, Pending: 7, Delivered: 9, DeadLetters: 2, Historical: 4, LastError: "token disabled", NextAttempt: epoch},
		letters: []status.DeadLetter{letter("old", 3), letter("siem", 4), letter("siem", 17), event}}
}

func (d *destinations) Destinations() []status.Destination { return []status.Destination{d.one} }

func (d *destinations) known(name string) error {
	if strings.TrimSuffix(name, "/events") != d.one.Name {
		return status.NoDestination(name, []string{d.one.Name})
	}
	return nil
}

func (d *destinations) ResumeDestination(_ context.Context, name string) (status.Destination, error) {
	return d.one, d.known(name)
}

func (d *destinations) TestDestination(_ context.Context, name string) (id, refusal string, err error) {
	return "sealwatch-test-1", "token \x1b disabled", d.known(name)
}

func (d *destinations) DeadLetters(_ context.Context, q status.DeadLetterQuery) (all []status.DeadLetter, err error) {
	for _, l := range d.letters {
		if (q.Destination == "" || q.Destination == l.Destination) && (q.AlertID == "" || q.AlertID == l.AlertID) &&
			(l.Destination > q.AfterDestination || l.Destination == q.AfterDestination && l.Sequence > q.AfterSequence) && len(all) < q.Limit {
			l.Payload = ""
			all = append(all, l)
		}
	}
	return all, nil
}

func (d *destinations) GetDeadLetter(_ context.Context, destination string, sequence uint64) (status.DeadLetter, error) {
	if sequence == letterGone {
		return status.DeadLetter{Destination: destination, Sequence: sequence, AlertID: letterAlert, Reason: "too long", Time: epoch, First: epoch}, nil
	}
	for _, l := range d.letters {
		if l.Destination == destination && l.Sequence == sequence {
			return l, nil
		}
	}
	return status.DeadLetter{}, fault.New(fault.NotFound, "no dead letter")
}

func (d *destinations) MoveDeadLetters(ctx context.Context, w status.DeadLetterWork) (matched, moved, needless int, err error) {
	if w.Author == "" {
		return 0, 0, 0, fault.New(fault.InvalidArgument, "nobody")
	}
	if w.State == status.LetterReplay {
		if err := d.known(w.Destination); err != nil {
			return 0, 0, 0, err
		}
	}
	all, _ := d.DeadLetters(ctx, status.DeadLetterQuery{Destination: w.Destination, AlertID: w.AlertID, Limit: 100})
	if w.Expected != nil && *w.Expected != len(all) {
		return len(all), 0, 0, fault.New(fault.CountMismatch, "there are %d", len(all))
	}
	if w.DryRun {
		return len(all), 0, 0, nil
	}
	if w.State == status.LetterReplay && w.Sequence == letterGone {
		return 1, 0, 1, nil
	}
	return len(all), len(all), 0, nil
}
