package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

func (p *process) usersCommand() *cobra.Command {
	c := &cobra.Command{Use: "users", Short: "See what a user did", Args: cobra.NoArgs}
	c.AddCommand(p.usersTimeline())
	return c
}

func (p *process) usersTimeline() *cobra.Command {
	c := &cobra.Command{
		Use:   "timeline USER",
		Short: "Tell what a user did around a time, what was done to them, and what was found",
		Long: "Tell what a user did around a time, by id, e-mail or name: events, what others did to them, and alerts about them in order of time, and the\n" +
			"places, addresses, networks and devices of that span, with those that are new for the user. By an e-mail, and by what the directory\n" +
			"knows, all accounts of a person are found. With -o json the output is what GET /v1/users/USER/timeline returns, with the entries of\n" +
			"all pages.",
		Example: "  sealwatch users timeline ada@example.com --around 2026-05-01T12:00:00Z --hours 6\n  sealwatch users timeline 0190c1f2-... --around 3h",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputForms(c, "text")
	request := &sealwatchv1.GetUserTimelineRequest{}
	around := c.Flags().String("around", "", "the middle of the span: how long ago such as 3h, a time or a date (default now)")
	c.Flags().Int32Var(&request.Hours, "hours", 12, "hours before and after it, 744 at most")
	limit := c.Flags().Int("limit", 500, "most entries to show, 0 for all")
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		if *limit < 0 {
			return usagef("--limit: found %d, expected 0 or more", *limit)
		}
		if request.AroundTime, err = since("--around", *around, p.now()); err != nil {
			return err
		}
		if request.AroundTime == nil {
			request.AroundTime = timestamppb.New(p.now())
		}
		if args[0] == "" || strings.Contains(args[0], "/") {
			return usagef("USER: found %q, expected an id, an e-mail or a name", args[0])
		}
		request.Name = "users/" + args[0]
		of, err := p.people(c.Context(), *address, args)
		if err != nil {
			return err
		}
		if one, ok := of[args[0]]; ok && len(one.ids)+len(one.emails) > 0 {
			request.Name = "users/" + append(append([]string{}, one.ids...), one.emails...)[0]
		}
		return p.showTimeline(c.Context(), *address, request, *limit, asJSON)
	}
	return c
}

func (p *process) showTimeline(ctx context.Context, address string, request *sealwatchv1.GetUserTimelineRequest, limit int, asJSON bool) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewTimelineServiceClient(conn)
	var whole *sealwatchv1.GetUserTimelineResponse
	for {
		request.PageSize = 500
		if limit > 0 {
			request.PageSize = int32(min(500, limit-len(whole.GetEntries()))) //nolint:gosec // 500 at most
		}
		page, err := client.GetUserTimeline(ctx, request)
		if err != nil {
			return err
		}
		if whole == nil {
			whole = page
		} else {
			whole.Entries = append(whole.Entries, page.GetEntries()...)
		}
		whole.NextPageToken = page.GetNextPageToken()
		request.PageToken = page.GetNextPageToken()
		if request.GetPageToken() == "" || limit > 0 && len(whole.GetEntries()) >= limit {
			break
		}
	}
	if !asJSON {
		p.print("%s", timelineText(whole))
		return nil
	}
	text, err := messageJSON(whole, "  ")
	if err != nil {
		return err
	}
	p.print("%s", text)
	return nil
}

// timelineText is a timeline for people.
func timelineText(t *sealwatchv1.GetUserTimelineResponse) string {
	name := t.GetDisplayName()
	if name == "" {
		name = "user"
	}
	lines := []string{terminal.Text(strings.Join(present(name, strings.Join(t.GetEmails(), ", "), strings.Join(t.GetUserIds(), ", ")), "  "))}
	if d := t.GetDirectory(); d != nil {
		lines = append(lines, terminal.Text("  "+strings.Join(present(d.GetStatus(), d.GetRole(), strings.Join(d.GetGroups(), ", "), "by "+d.GetSource()), "  ")))
	}
	lines = append(lines, fmt.Sprintf("  %s to %s", stamp(t.GetStartTime().AsTime()), stamp(t.GetEndTime().AsTime())), "")
	for _, e := range t.GetEntries() {
		lines = append(lines, timelineLine(e))
	}
	if len(t.GetEntries()) == 0 {
		lines = append(lines, "  nothing in this time")
	}
	if t.GetNextPageToken() != "" {
		lines = append(lines, "  and more: --limit 0 shows all, --hours narrows it")
	}
	for _, k := range []struct {
		head string
		list []*sealwatchv1.TimelineTrait
	}{{"place", t.GetPlaces()}, {"address", t.GetAddresses()}, {"network", t.GetNetworks()}, {"device", t.GetDevices()}} {
		for i, v := range k.list {
			if i == 0 {
				lines = append(lines, "")
			}
			value, novelty := v.GetValue(), ""
			if k.head == "network" {
				value = "AS" + value
			}
			if v.GetNew() {
				novelty = "NEW"
			}
			lines = append(lines, fmt.Sprintf("  %-8s %s  %s  %s  %s  %s", k.head, terminal.Cell(novelty, 3), terminal.Cell(value, 32), terminal.Cell(plural(int(v.GetEventCount()), "event"), 12), stamp(v.GetFirstTime().AsTime())+" to "+stamp(v.GetLastTime().AsTime()), terminal.Text(v.GetLabel())))
		}
	}
	return strings.Join(lines, "\n")
}

// relationWords say how an event of somebody else concerns the user; that it was done to the user goes without saying.
var relationWords = map[sealwatchv1.TimelineRelation]string{
	sealwatchv1.TimelineRelation_TIMELINE_RELATION_REFERENCED: "refers to the user", sealwatchv1.TimelineRelation_TIMELINE_RELATION_RECIPIENT: "the user is the recipient", sealwatchv1.TimelineRelation_TIMELINE_RELATION_SENDER: "the user is the sender",
}

// timelineLine is an entry on a line.
func timelineLine(e *sealwatchv1.TimelineEntry) string {
	at := stamp(e.GetTime().AsTime())
	if a := e.GetAlert(); a != nil {
		return at + "  " + terminal.Cell("ALERT", 16) + "  " + terminal.Text(strings.Join(present(severityName(a.GetSeverity()), stateName(a.GetState()), strings.TrimPrefix(a.GetName(), alertPrefix), a.GetTitle()), "  "))
	}
	v := e.GetEvent()
	by := ""
	if e.GetConcerned() {
		by = "by " + principalName(v.GetUser())
		if how := relationWords[e.GetRelation()]; how != "" {
			by += " (" + how + ")"
		}
	}
	id := strings.TrimPrefix(v.GetName(), "events/")
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain
	}
	where := placeText(v.GetPlace().GetCity(), v.GetPlace().GetCountry())
	with := device(strings.Join(present(v.GetDevice().GetBrowser(), v.GetDevice().GetOs()), " on "))
	what := strings.Join(present(v.GetObject(), v.GetAction(), v.GetProperty()), " ")
	return at + "  " + terminal.Cell(v.GetActivity(), 16) + "  " + terminal.Text(strings.Join(present(by, what, v.GetNetwork().GetIpAddress(), where, with, v.GetEnvelopeId(), "event "+id), "  "))
}
