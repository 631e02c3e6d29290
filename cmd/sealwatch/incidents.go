package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

func (p *process) incidentsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "incidents",
		Short: "Look at alerts that belong together",
		Long: "Alerts about one user or address within a time, and alerts that tell of an address about which there is an alert, make an incident. Its\n" +
			"score is a sum of which every part is shown; what counts how much stands in the configuration under incidents.",
	}
	c.AddCommand(p.incidentsList(), p.incidentsShow())
	return c
}

func (p *process) incidentsList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List incidents, those with the highest score first",
		Example: "  sealwatch incidents list --since 72h\n  sealwatch incidents list --user ada@example.com --order \"end_time desc\" -o json",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputOf(c, "text", "id", "json")
	filter := &sealwatchv1.IncidentFilter{}
	c.Flags().Float64Var(&filter.MinScore, "min-score", 0, "only with this score or more")
	severity := c.Flags().String("severity", "", "only with an alert of this severity or more: "+strings.Join(severityNames(), ", "))
	states := c.Flags().StringSlice("state", nil, "only in these states: new, in_progress, resolved")
	c.Flags().StringSliceVar(&filter.Subjects, "user", nil, "only about these subjects, by id, e-mail or the name that the directory has")
	from := c.Flags().String("since", "", "only with an event since then: how long ago such as 24h or 7d, a time or a date")
	to := c.Flags().String("until", "", "only with an event before then")
	order := c.Flags().String("order", "", "by score, end_time or start_time, with asc or desc after it (default \"score desc\")")
	limit := c.Flags().Int("limit", 50, "most incidents to show, 0 for all")
	c.RunE = func(c *cobra.Command, _ []string) error {
		form, err := output()
		if err != nil {
			return err
		}
		if *severity != "" {
			var some []sealwatchv1.Severity
			if err := enums("severity", []string{*severity}, "SEVERITY_", sealwatchv1.Severity_value, severityNames(), &some); err != nil {
				return err
			}
			filter.MinSeverity = some[0]
		}
		if err := enums("state", *states, "ALERT_STATE_", sealwatchv1.AlertState_value, stateNames()[:3], &filter.States); err != nil {
			return err
		}
		if filter.StartTime, err = since("--since", *from, p.now()); err != nil {
			return err
		}
		if filter.EndTime, err = since("--until", *to, p.now()); err != nil {
			return err
		}
		if *limit < 0 {
			return usagef("--limit: found %d, expected 0 or more", *limit)
		}
		of, err := p.people(c.Context(), *address, filter.GetSubjects())
		if err != nil {
			return fmt.Errorf("--user: %w", err)
		}
		var subjects []string
		for _, s := range filter.GetSubjects() {
			if one, ok := of[s]; ok && len(one.ids)+len(one.emails) > 0 {
				subjects = append(append(subjects, one.ids...), one.emails...)
				continue
			}
			subjects = append(subjects, s)
		}
		filter.Subjects = subjects
		return p.listIncidents(c.Context(), *address, &sealwatchv1.ListIncidentsRequest{Filter: filter, OrderBy: *order}, *limit, form)
	}
	return c
}

func (p *process) listIncidents(ctx context.Context, address string, request *sealwatchv1.ListIncidentsRequest, limit int, form string) error {
	asJSON := form == "json"
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewIncidentServiceClient(conn)
	for n := 0; ; {
		request.PageSize = 200
		if limit > 0 {
			request.PageSize = int32(min(200, limit-n)) //nolint:gosec // 200 at most
		}
		page, err := client.ListIncidents(ctx, request)
		if err != nil {
			return err
		}
		if n == 0 && form == "text" && len(page.GetIncidents()) > 0 {
			p.print("%s", incidentRow("LAST EVENT", "SCORE", "SEVERITY", "STATE", "INCIDENT", "TITLE"))
		}
		for _, i := range page.GetIncidents() {
			switch form {
			case "json":
				text, err := messageJSON(i, "  ")
				if err != nil {
					return err
				}
				_, _ = fmt.Fprint(p.out, listStart(n)+text)
			case "id":
				p.print("%s", incidentID(i))
			default:
				p.print("%s", incidentRow(stamp(i.GetEndTime().AsTime()), fmt.Sprintf("%.1f", i.GetScore()), severityName(i.GetSeverity()), stateName(i.GetState()), incidentID(i), i.GetTitle()))
			}
			n++
		}
		request.PageToken = page.GetNextPageToken()
		if request.GetPageToken() != "" && (limit == 0 || n < limit) {
			continue
		}
		switch {
		case asJSON:
			p.print("%s", listEnd(n))
		case n == 0:
			p.say("there is no incident")
		}
		return nil
	}
}

func incidentRow(at, score, severity, state, id, title string) string {
	return terminal.Cell(at, widthTime) + "  " + terminal.Cell(score, 7) + "  " + terminal.Cell(severity, widthSeverity) + "  " + terminal.Cell(state, 11) + "  " + terminal.Cell(id, 32) + "  " + terminal.Text(title)
}

func incidentID(i *sealwatchv1.Incident) string {
	return strings.TrimPrefix(i.GetName(), incidentPrefix)
}

func (p *process) incidentsShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show INCIDENT",
		Short: "Tell an incident: its alerts, what was joined, and where its score comes from",
		Long: "Tell an incident, by its id or by that of any of its alerts: its alerts in order, what was joined, and where its score comes from. An id of\n" +
			"before, of one that has been joined with another since, leads to what it is now.",
		Example: "  sealwatch incidents show 5f0c...\n  sealwatch incidents show $(sealwatch incidents list --limit 1 -o id)",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputForms(c, "text")
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		names, err := alertNames(c.Context(), sealwatchv1.NewAlertServiceClient(conn), []string{strings.TrimPrefix(args[0], incidentPrefix)})
		if err != nil {
			return fmt.Errorf("%w; an incident has the id of one of its alerts", err)
		}
		id := strings.TrimPrefix(names[0], alertPrefix)
		i, err := sealwatchv1.NewIncidentServiceClient(conn).GetIncident(c.Context(), &sealwatchv1.GetIncidentRequest{Name: incidentPrefix + id})
		if err != nil {
			return err
		}
		if asJSON {
			text, err := messageJSON(i, "  ")
			if err != nil {
				return err
			}
			p.print("%s", text)
			return nil
		}
		p.print("%s", incidentWhole(i))
		return nil
	}
	return c
}

// incidentWhole is an incident for people.
func incidentWhole(i *sealwatchv1.Incident) string {
	lines := []string{
		fmt.Sprintf("INCIDENT  %s  %s  %s  score %.1f", terminal.Text(incidentID(i)), strings.ToUpper(severityName(i.GetSeverity())), stateName(i.GetState()), i.GetScore()),
		"  " + terminal.Text(i.GetTitle()),
		fmt.Sprintf("  %s to %s, %s", stamp(i.GetStartTime().AsTime()), stamp(i.GetEndTime().AsTime()), plural(int(i.GetEventCount()), "event")), "",
	}
	for _, a := range i.GetAlerts() {
		lines = append(lines, "  "+stamp(a.GetStartTime().AsTime())+"  "+terminal.Cell(severityName(a.GetSeverity()), widthSeverity)+"  "+terminal.Cell(stateName(a.GetState()), 11)+"  "+terminal.Text(a.GetTitle()),
			"      "+terminal.Text(strings.Join(present(a.GetName(), a.GetDetection(), principalName(a.GetSubject()), classificationName(a.GetClassification())), "  ")))
	}
	if len(i.GetParts()) > 1 {
		lines = append(lines, "", "  joined from")
		for _, part := range i.GetParts() {
			text := part.GetSubject().GetType() + " " + principalName(part.GetSubject()) + ": " + plural(len(part.GetAlerts()), "alert")
			if part.GetMerged() != "" {
				text += ", alone it would be " + part.GetMerged()
			}
			lines = append(lines, "      "+terminal.Text(text))
		}
	}
	lines = append(lines, "", "  score")
	for _, c := range i.GetContributions() {
		lines = append(lines, fmt.Sprintf("  %7.1f  %s  %s", c.GetPoints(), terminal.Cell(c.GetFactor(), 10), terminal.Text(strings.Join(present(c.GetReason(), c.GetAlert()), "  "))))
	}
	return strings.Join(lines, "\n")
}
