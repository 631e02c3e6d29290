package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) exportersResume() *cobra.Command {
	c := &cobra.Command{
		Use:   "resume NAME",
		Short: "Have a destination that is paused tried at once",
		Long: "Have a destination that is paused or retrying tried at once, after its access was put right, and show what came of it. The exit code is 1\n" +
			"when the receiver refused again. With -o json the output is its state after that, as sealwatch exporters show -o json has it.",
		Example: "  sealwatch exporters resume siem",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
	var wait time.Duration
	durationVar(c.Flags(), &wait, "wait", 15*time.Second, "how long to wait for what comes of it; it is tried all the same")
	c.ValidArgsFunction = first(completeDestinations(address))
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		name, err := destinationName(args[0])
		if err != nil {
			return err
		}
		return withDestinations(*address, func(client sealwatchv1.DestinationServiceClient) error {
			before, err := client.ResumeDestination(c.Context(), &sealwatchv1.ResumeDestinationRequest{Name: destinationPrefix + name})
			if err != nil {
				return err
			}
			after, tried, err := attempted(c.Context(), client, before, wait)
			if err != nil {
				return err
			}
			return p.sayResumed(name, before, after, tried, asJSON)
		})
	}
	return c
}

// waits says that something of a destination does, after a failure.
func waits(d *sealwatchv1.Destination) bool {
	return d.GetState() != destinationOK || d.GetEvents() != nil && d.GetEvents().GetState() != destinationOK
}

const destinationOK = "ok"

// attempted waits for the attempt that a destination was asked for, and returns its state then.
func attempted(ctx context.Context, client sealwatchv1.DestinationServiceClient, before *sealwatchv1.Destination, patience time.Duration) (after *sealwatchv1.Destination, tried bool, err error) {
	// a refusal sets another time for the next attempt
	decided := func(before, state string, was, is *timestamppb.Timestamp) bool {
		return before == destinationOK || state == destinationOK || !was.AsTime().Equal(is.AsTime())
	}
	deadline := time.After(patience)
	for after = before; waits(before); {
		if after, err = client.GetDestination(ctx, &sealwatchv1.GetDestinationRequest{Name: before.GetName()}); err != nil {
			return nil, false, err
		}
		was, is := before.GetEvents(), after.GetEvents()
		if decided(before.GetState(), after.GetState(), before.GetNextAttemptTime(), after.GetNextAttemptTime()) &&
			(was == nil || decided(was.GetState(), is.GetState(), was.GetNextAttemptTime(), is.GetNextAttemptTime())) {
			return after, true, nil
		}
		select {
		case <-deadline:
			return after, false, nil
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return after, true, nil
}

func (p *process) sayResumed(name string, before, after *sealwatchv1.Destination, tried, asJSON bool) error {
	var problem error
	if tried && waits(after) {
		problem = errSaid
	}
	if asJSON {
		text, err := messageJSON(after, "")
		if err != nil {
			return err
		}
		p.print("%s", text)
		return problem
	}
	name = terminal.Text(name)
	switch {
	case !waits(before):
		p.print("%s is ok; there was nothing to resume", name)
	case !tried:
		p.print("%s is being tried; sealwatch exporters show %s says what comes of it", name, name)
	case problem != nil:
		p.print("%s was tried, and is still %s:", name, terminal.Text(waitingState(after)))
		p.printDestination(after)
		p.printForwarding(after)
	default:
		p.print("%s was tried, and is ok; %.0f pending", name, after.GetPendingCount())
	}
	return problem
}

// waitingState is that of the alerts, or of the events where only they wait.
func waitingState(d *sealwatchv1.Destination) string {
	if d.GetState() == destinationOK {
		return d.GetEvents().GetState()
	}
	return d.GetState()
}

// destinationName is a name as the configuration has it, which may come in the form of the API, and with the forwarding of events behind it.
func destinationName(given string) (string, error) {
	name := strings.TrimPrefix(given, destinationPrefix)
	if bare := strings.TrimSuffix(name, "/events"); bare == "" || len(bare) > 63 || strings.Trim(bare, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", usagef("NAME: found %q, expected the name of a destination, such as siem; sealwatch exporters list shows them", given)
	}
	return name, nil
}

// replayWaits says that what is to be sent again waits, and what helps; empty when the destination takes what it is sent.
func replayWaits(ctx context.Context, client sealwatchv1.DestinationServiceClient, name string) string {
	bare, events := strings.CutSuffix(name, "/events")
	d, err := client.GetDestination(ctx, &sealwatchv1.GetDestinationRequest{Name: destinationPrefix + bare})
	if err != nil {
		return "" // the letters are on their way, whatever is known of it
	}
	state, next := d.GetState(), d.GetNextAttemptTime()
	if events {
		state, next = d.GetEvents().GetState(), d.GetEvents().GetNextAttemptTime()
	}
	if state == destinationOK || state == "" {
		return ""
	}
	until := ""
	if next != nil {
		until = " until " + stamp(next.AsTime())
	}
	return fmt.Sprintf("%s is %s%s, and what is sent again waits for that, too; sealwatch exporters resume %s has it tried at once", bare, state, until, bare)
}
