package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

func (p *process) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Show how the service is doing",
		Long: "Show how the service is doing: the engine, the sources, the analysis, the destinations, and the policies that were over their limit of a\n" +
			"day. With -o json it is what GET /v1/status returns.",
		Example: "  sealwatch status\n  sealwatch status -o json",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		s, err := sealwatchv1.NewSystemServiceClient(conn).GetStatus(c.Context(), &sealwatchv1.GetStatusRequest{})
		if err != nil {
			return err
		}
		if asJSON {
			text, err := messageJSON(s, "")
			if err != nil {
				return err
			}
			p.print("%s", text)
			return nil
		}
		for _, line := range statusLines(s) {
			p.print("%s", terminal.Text(line))
		}
		return nil
	}
	return c
}

// statusLines are the status in words, what is wrong with each part behind it.
func statusLines(s *sealwatchv1.SystemStatus) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	e := s.GetEngine()
	say("engine       %s, %s, ClickHouse %s, %s", e.GetState(), e.GetKind(), e.GetVersion(), numbered(int(e.GetEventsStored()), "event", "events"))
	for _, v := range s.GetSources() {
		text := "nothing since the start"
		if v.GetLastEventTime() != nil {
			text = "last event of " + stamp(v.GetLastEventTime().AsTime())
		}
		if polled := v.GetPolling(); polled != nil {
			text = polled.GetState() + ", " + text + said(polled.GetLastError())
		}
		say("source       %s: %s%s", v.GetSource(), text, said(v.GetReceiving().GetLastError()))
	}
	a := s.GetAnalysis()
	text := numbered(int(a.GetPendingEvents()), "event", "events") + " pending"
	if n := a.GetHeldEvents(); n > 0 {
		text += fmt.Sprintf(", %d held", n)
	}
	if a.GetWatermark() != nil {
		text += ", up to " + stamp(a.GetWatermark().AsTime())
	}
	say("analysis     %s%s", text, said(a.GetLastError()))
	for _, d := range s.GetDestinations() {
		say("destination  %s: %s", d.GetDestination(), deliveryLine(d.GetState(), d.GetPending(), d.GetDeadLetters(), d.GetNextAttemptTime(), d.GetLastError()))
		if e := d.GetEvents(); e != nil {
			say("destination  %s/events: %s", d.GetDestination(), deliveryLine(e.GetState(), e.GetPendingCount(), e.GetDeadLetterCount(), e.GetNextAttemptTime(), e.GetLastError()))
		}
	}
	for _, v := range s.GetFeeds() {
		if problem := v.GetLastError(); problem != "" {
			say("feed         %s%s", strings.TrimPrefix(v.GetName(), "feeds/"), said(problem))
		}
	}
	for _, v := range s.GetLimitedPolicies() {
		say("policy       %s: %s", policyID(v.GetPolicy()), overLimit(int(v.GetLimit()), v.GetDays()))
	}
	return lines
}

// deliveryLine is how a delivery of alerts or events is doing.
func deliveryLine(state string, pending, letters float64, next *timestamppb.Timestamp, problem string) string {
	text := fmt.Sprintf("%s, %.0f pending", state, pending)
	if letters > 0 {
		text += ", " + plural(int(letters), "dead letter")
	}
	if next != nil {
		text += ", next attempt at " + stamp(next.AsTime())
	}
	return text + said(problem)
}

// said is an error behind what it is about.
func said(problem string) string {
	if problem == "" {
		return ""
	}
	return "; " + problem
}

// overLimit says on which days of the last thirty a policy was over its limit; empty when on none.
func overLimit(limit int, all []*sealwatchv1.PolicyDay) string {
	days, more, last := 0, 0, ""
	for _, d := range all {
		if n := int(d.GetOverLimit()); n > 0 {
			days, more, last = days+1, more+n, d.GetDate()
		}
	}
	text := numbered(limit, "alert", "alerts")
	switch days {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("it reached its limit of %s on %s and kept counting: %d more", text, last, more)
	}
	return fmt.Sprintf("it reached its limit of %s a day on %d of the last 30 days, last on %s, and kept counting: %d more", text, days, last, more)
}
