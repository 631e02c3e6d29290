package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

const (
	destinationPrefix = "destinations/"
	letterPrefix      = "deadLetters/"
)

func (p *process) exportersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exporters",
		Short: "Look after the destinations of alerts and what they refused",
		Long: "Look after the destinations that the configuration names under destinations, and after dead letters: alerts and events that a receiver\n" +
			"refused for good.",
		Args: cobra.NoArgs,
	}
	c.AddCommand(p.exportersList(), p.exportersShow(), p.exportersResume(), p.exportersTest(), p.deadLettersCommand())
	return c
}

func (p *process) exportersList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "Say how each destination is doing",
		Example: "  sealwatch exporters list\n  sealwatch exporters list -o json",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		return withDestinations(*address, func(client sealwatchv1.DestinationServiceClient) error {
			all, err := client.ListDestinations(c.Context(), &sealwatchv1.ListDestinationsRequest{})
			if err != nil {
				return err
			}
			for i, d := range all.GetDestinations() {
				if asJSON {
					text, err := messageJSON(d, "  ")
					if err != nil {
						return err
					}
					_, _ = fmt.Fprint(p.out, listStart(i)+text)
					continue
				}
				if i == 0 {
					p.print("%-9s %-24s %-8s %9s %12s  %s", "STATE", "NAME", "KIND", "PENDING", "DEAD LETTERS", "LAST SUCCESS")
				}
				p.printDestination(d)
				p.printForwarding(d)
			}
			switch n := len(all.GetDestinations()); {
			case asJSON:
				p.print("%s", listEnd(n))
			case n == 0:
				p.say("no destination is configured; docs/exporters.md says what there is")
			}
			return nil
		})
	}
	return c
}

func (p *process) printDestination(d *sealwatchv1.Destination) {
	last := "never since the start"
	if t := d.GetLastSuccessTime(); t != nil {
		last = stamp(t.AsTime())
	}
	p.print("%-9s %-24s %-8s %9.0f %12.0f  %s", terminal.Text(d.GetState()), terminal.Text(strings.TrimPrefix(d.GetName(), destinationPrefix)), terminal.Text(d.GetKind()), d.GetPendingCount(), d.GetDeadLetterCount(), last)
	if d.GetLastError() != "" {
		next := ""
		if t := d.GetNextAttemptTime(); t != nil {
			next = "; next attempt " + stamp(t.AsTime())
		}
		p.print("          %s%s", terminal.Text(d.GetLastError()), next)
	}
}

// printDelivery says of one destination what a line of the list has no room for.
func (p *process) printDelivery(d *sealwatchv1.Destination) {
	if t := d.GetOldestPendingTime(); t != nil {
		p.print("          the oldest change that waits is of %s", stamp(t.AsTime()))
	}
	if n := d.GetHistoricalCount(); n > 0 {
		p.print("          not sent since the start: %s to historical alerts; historical and historicalAfter of the destination decide", plural(int(n), "change"))
	}
	switch t := d.GetLastHeartbeatTime(); {
	case t != nil && d.GetHeartbeatError() == "":
		p.print("          heartbeat %s", stamp(t.AsTime()))
	case t != nil:
		p.print("          heartbeat %s; the last was not taken: %s", stamp(t.AsTime()), terminal.Text(d.GetHeartbeatError()))
	case d.GetHeartbeatError() != "":
		p.print("          no heartbeat since the start: %s", terminal.Text(d.GetHeartbeatError()))
	}
}

// printForwarding is a line about the events of a destination, where some are forwarded.
func (p *process) printForwarding(d *sealwatchv1.Destination) {
	e := d.GetEvents()
	if e == nil {
		return
	}
	last := "never since the start"
	if t := e.GetLastSuccessTime(); t != nil {
		last = stamp(t.AsTime())
	}
	p.print("%-9s %-24s %-8s %9.0f %12.0f  %s", terminal.Text(e.GetState()), terminal.Text(strings.TrimPrefix(d.GetName(), destinationPrefix)+"/events"), terminal.Text(d.GetKind()), e.GetPendingCount(), e.GetDeadLetterCount(), last)
	if e.GetLastError() != "" {
		next := ""
		if t := e.GetNextAttemptTime(); t != nil {
			next = "; next attempt " + stamp(t.AsTime())
		}
		p.print("          %s%s", terminal.Text(e.GetLastError()), next)
	}
}

func (p *process) exportersShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show NAME",
		Short:   "Say how a destination is doing",
		Example: "  sealwatch exporters show siem",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
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
			d, err := client.GetDestination(c.Context(), &sealwatchv1.GetDestinationRequest{Name: destinationPrefix + name})
			if err != nil {
				return err
			}
			if !asJSON {
				p.printDestination(d)
				p.printDelivery(d)
				p.printForwarding(d)
				if t := d.GetEvents().GetOldestPendingTime(); t != nil {
					p.print("          the oldest event that waits came in %s", stamp(t.AsTime()))
				}
				return nil
			}
			text, err := messageJSON(d, "")
			if err == nil {
				p.print("%s", text)
			}
			return err
		})
	}
	return c
}

func (p *process) exportersTest() *cobra.Command {
	c := &cobra.Command{
		Use:   "test NAME",
		Short: "Send a test to a destination and show what the receiver said",
		Long: "Send an alert that says of itself that it is a test, by the connection and in the form of all others, and show what the receiver said.\n" +
			"It is stored nowhere in Sealwatch. The exit code is 1 when it is not taken. Syslog has no answer: look at the receiver.",
		Example: "  sealwatch exporters test siem",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
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
			ctx, cancel := context.WithTimeout(c.Context(), testPatience)
			defer cancel()
			r, err := client.TestDestination(ctx, &sealwatchv1.TestDestinationRequest{Name: destinationPrefix + name})
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				text, err := messageJSON(r, "")
				if err != nil {
					return err
				}
				p.print("%s", text)
			case r.GetAccepted():
				p.print("sent to %s; look there for the alert %s", terminal.Text(name), terminal.Text(r.GetAlertId()))
			default:
				p.print("%s did not take the test %s: %s", terminal.Text(name), terminal.Text(r.GetAlertId()), terminal.Text(r.GetAnswer()))
			}
			if !r.GetAccepted() {
				return errSaid
			}
			return nil
		})
	}
	return c
}

// testPatience is how long a test may take: without a deadline of the caller's, the service ends a call sooner than an indexer of Splunk
// may take to acknowledge.
const testPatience = 10 * time.Minute

func withDestinations(address string, use func(sealwatchv1.DestinationServiceClient) error) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return use(sealwatchv1.NewDestinationServiceClient(conn))
}
