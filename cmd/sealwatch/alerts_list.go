package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/countries"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) alertsList() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List alerts, newest first",
		Long: "List alerts, by default the newest first by the time of their last event. ALERT is the beginning of the id, by which every other command\n" +
			"knows it; before the title stands what it was judged to be, or why it is suppressed. With -o id the output is whole ids, one a line,\n" +
			"with -o json one JSON array of the objects that GET /v1/alerts returns.",
		Example: "  sealwatch alerts list --severity high --since 24h\n  sealwatch alerts list --user ada@example.com -o id\n  sealwatch alerts list -o json --limit 0 > alerts.json",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputOf(c, "text", "id", "json")
	f := &alertFlags{}
	f.add(c)
	from := c.Flags().String("since", "", "only with an event since then: how long ago such as 24h or 7d, a time or a date")
	order := c.Flags().String("order", "", "by end_time, start_time, create_time, update_time, severity, score or event_count, with asc or desc after it (default \"end_time desc\")")
	limit := c.Flags().Int("limit", 100, "most alerts to show, 0 for all")
	c.RunE = func(c *cobra.Command, _ []string) error {
		form, err := output()
		if err != nil {
			return err
		}
		filter, err := f.filter(p.now())
		if err != nil {
			return err
		}
		if err := p.named(c.Context(), *address, filter); err != nil {
			return err
		}
		if filter.StartTime, err = since("--since", *from, p.now()); err != nil {
			return err
		}
		if *limit < 0 {
			return usagef("--limit: found %d, expected 0 or more", *limit)
		}
		return p.listAlerts(c.Context(), *address, &sealwatchv1.ListAlertsRequest{Filter: filter, OrderBy: *order, PageSize: 500}, *limit, form)
	}
	return c
}

// listAlerts prints page after page.
func (p *process) listAlerts(ctx context.Context, address string, request *sealwatchv1.ListAlertsRequest, limit int, form string) error {
	asJSON := form == "json"
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewAlertServiceClient(conn)
	shown := 0
	for {
		if limit > 0 {
			request.PageSize = int32(min(500, limit-shown))
		}
		page, err := client.ListAlerts(ctx, request)
		if err != nil {
			return err
		}
		if shown == 0 && form == "text" {
			p.print("%s", alertHeader())
		}
		for _, a := range page.GetAlerts() {
			line := alertLine(a, standing(a))
			switch form {
			case "id":
				line = alertID(a)
			case "json":
				if line, err = alertJSON(a, "  "); err != nil {
					return err
				}
				line = listStart(shown) + line
			}
			if _, err := fmt.Fprint(p.out, line); err != nil {
				return err
			}
			if !asJSON {
				p.print("")
			}
			shown++
		}
		request.PageToken = page.GetNextPageToken()
		if request.GetPageToken() == "" || limit > 0 && shown >= limit {
			break
		}
	}
	switch {
	case asJSON:
		p.print("%s", listEnd(shown))
	case shown == 0:
		p.say("no alert is selected%s", noCountry(request.GetFilter().GetCountries()))
	}
	return nil
}

// noCountry says which codes are those of no country; empty when each is.
func noCountry(codes []string) string {
	all, err := countries.New()
	if err != nil {
		return ""
	}
	text := ""
	for _, code := range codes {
		if all.Name(code) == "" {
			text += "; no country has the code " + code
		}
	}
	return text
}

// listStart is what stands before the n-th element of a JSON array, listEnd what stands behind n of them.
func listStart(n int) string {
	if n == 0 {
		return "[\n  "
	}
	return ",\n  "
}

func listEnd(n int) string {
	if n == 0 {
		return "[]"
	}
	return "\n]"
}
