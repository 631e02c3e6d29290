package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/app"
)

func (p *process) feedsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "feeds",
		Short: "Look after the lists of addresses that others publish",
		Long: "Look after the lists of addresses that others publish and that the configuration names under feeds. What they say of addresses is\n" +
			"shown by sealwatch ip-ranges list --source NAME.",
		Args: cobra.NoArgs,
	}
	c.AddCommand(p.feedsList(), p.feedsPresets(), p.feedsRefresh(), p.feedsConfirm())
	return c
}

func (p *process) feedsList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "Say how each feed is doing",
		Example: "  sealwatch feeds list\n  sealwatch feeds list -o json",
		Args:    cobra.NoArgs,
	}
	address := p.addressFlag(c)
	output := outputFlag(c)
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
		all, err := sealwatchv1.NewFeedServiceClient(conn).ListFeeds(c.Context(), &sealwatchv1.ListFeedsRequest{})
		if err != nil {
			return err
		}
		for i, f := range all.GetFeeds() {
			if asJSON {
				text, err := messageJSON(f, "  ")
				if err != nil {
					return err
				}
				_, _ = fmt.Fprint(p.out, listStart(i)+text)
				continue
			}
			p.printFeed(f)
		}
		switch {
		case asJSON:
			p.print("%s", listEnd(len(all.GetFeeds())))
		case len(all.GetFeeds()) == 0:
			p.say("no feed is configured; sealwatch feeds presets lists what a configuration can name under feeds")
		}
		return nil
	}
	return c
}

func (p *process) printFeed(f *sealwatchv1.FeedStatus) {
	when := func(what string, t interface {
		AsTime() time.Time
		IsValid() bool
	}) string {
		if !t.IsValid() || t.AsTime().Unix() <= 0 {
			return what + " never"
		}
		return what + " " + stamp(t.AsTime())
	}
	p.print("%-9s %-24s %7d entries  %-14s %-20s %s, %s", terminal.Text(f.GetState()), terminal.Text(strings.TrimPrefix(f.GetName(), "feeds/")), f.GetEntries(), terminal.Text(f.GetCategory()),
		terminal.Text(strings.Join(f.GetTags(), ",")), when("fetched", f.GetLastSuccessTime()), when("next", f.GetNextAttemptTime()))
	if f.GetLastChangeTime() != nil {
		p.print("          %s: %d added, %d removed", when("changed", f.GetLastChangeTime()), f.GetAdded(), f.GetRemoved())
	}
	if f.GetLastError() != "" {
		p.print("          %s", terminal.Text(f.GetLastError()))
	}
}

func (p *process) feedsPresets() *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List what a feed can be made of, with address and licence",
		Long: "List the published lists that a feed of the configuration can name as its preset. None is on unless it is named:\n\n" +
			"  feeds:\n    - {name: tor-exits, preset: tor-exits}\n\nWhoever switches a list on answers for its use; look at the publisher's page.",
		Example: "  sealwatch feeds presets",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := app.Presets()
			if err != nil {
				return err
			}
			for _, f := range all {
				p.print("%s\n    %s, by %s\n    category %s, tags %s, format %s\n    %s\n    licence: %s (%s)", f.Name, f.Title, f.Publisher, f.Category, strings.Join(f.Tags, ","), f.Format, f.URL, f.Licence, f.Page)
			}
			return nil
		},
	}
}

func (p *process) feedsRefresh() *cobra.Command {
	c := &cobra.Command{
		Use:   "refresh NAME",
		Short: "Fetch a feed now",
		Long: "Fetch a feed now and take it in, also where the copy is the same as before: that brings back what was removed by hand.\n\n" +
			"The exit code is 1 when it cannot be taken in; the last good copy stays in force then.",
		Example: "  sealwatch feeds refresh tor-exits",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.steerFeed(*address, func(client sealwatchv1.FeedServiceClient) (*sealwatchv1.FeedStatus, error) {
			return client.RefreshFeed(c.Context(), &sealwatchv1.RefreshFeedRequest{Name: feedName(args[0])})
		})
	}
	return c
}

func (p *process) feedsConfirm() *cobra.Command {
	c := &cobra.Command{
		Use:   "confirm NAME",
		Short: "Say that a list which shrank is right",
		Long: "A list that loses more than half of its entries at once (maxShrinkPercent) is held: broken lists are short, and whoever shortens\n" +
			"a list hides. Look at the list, and confirm it when it is right; it is fetched again and taken in unless it shrank further.",
		Example: "  sealwatch feeds confirm tor-exits",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.steerFeed(*address, func(client sealwatchv1.FeedServiceClient) (*sealwatchv1.FeedStatus, error) {
			return client.ConfirmFeed(c.Context(), &sealwatchv1.ConfirmFeedRequest{Name: feedName(args[0])})
		})
	}
	return c
}

func feedName(name string) string { return "feeds/" + strings.TrimPrefix(name, "feeds/") }

// steerFeed makes one call and shows the feed as it is then.
func (p *process) steerFeed(address string, call func(sealwatchv1.FeedServiceClient) (*sealwatchv1.FeedStatus, error)) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	f, err := call(sealwatchv1.NewFeedServiceClient(conn))
	if err != nil {
		return err
	}
	p.printFeed(f)
	if f.GetState() != "current" {
		return errSaid
	}
	return nil
}
