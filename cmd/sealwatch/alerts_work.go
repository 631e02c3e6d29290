package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// workFlags are what a person sets of alerts.
type workFlags struct {
	state, classification, reason, assignee, comment, author string
}

// verdict adds the flags for what an alert was.
func (f *workFlags) verdict(c *cobra.Command) {
	c.Flags().StringVar(&f.classification, "classification", "", "what it was: "+strings.Join(classificationNames(), ", "))
	c.Flags().StringVar(&f.reason, "reason", "", "why: "+strings.Join(reasonNames(), ", ")+"; it has to go with the classification")
}

func (f *workFlags) remark(c *cobra.Command) {
	c.Flags().StringVar(&f.comment, "comment", "", "a remark to add")
}

// update is the request for what was given; changed says which flags were.
func (f *workFlags) update(changed func(flag string) bool) (*sealwatchv1.Alert, *fieldmaskpb.FieldMask, error) {
	a, mask := &sealwatchv1.Alert{Assignee: f.assignee}, &fieldmaskpb.FieldMask{}
	if f.state != "" {
		v, ok := sealwatchv1.AlertState_value["ALERT_STATE_"+strings.ToUpper(f.state)]
		if !ok || v < 1 || v > 3 {
			return nil, nil, usagef("--state: found %q, expected new, in_progress or resolved", f.state)
		}
		a.State = sealwatchv1.AlertState(v)
		mask.Paths = append(mask.Paths, "state")
	}
	if changed("classification") || f.classification != "" {
		v, ok := sealwatchv1.AlertClassification_value["ALERT_CLASSIFICATION_"+strings.ToUpper(f.classification)]
		if f.classification != "" && (!ok || v == 0) {
			return nil, nil, usagef("--classification: found %q, expected one of %s", f.classification, strings.Join(classificationNames(), ", "))
		}
		a.Classification = sealwatchv1.AlertClassification(v)
		mask.Paths = append(mask.Paths, "classification")
	}
	if changed("reason") || f.reason != "" {
		v, ok := sealwatchv1.AlertReason_value["ALERT_REASON_"+strings.ToUpper(f.reason)]
		if f.reason != "" && (!ok || v == 0) {
			return nil, nil, usagef("--reason: found %q, expected one of %s", f.reason, strings.Join(reasonNames(), ", "))
		}
		a.Reason = sealwatchv1.AlertReason(v)
		mask.Paths = append(mask.Paths, "reason")
	}
	if changed("assignee") || f.assignee != "" {
		mask.Paths = append(mask.Paths, "assignee")
	}
	if f.author == "" {
		return nil, nil, usagef("--author: not given and there is no USER in the environment; expected who does this")
	}
	return a, mask, nil
}

// workOn updates alerts one after the other and says how each is then.
func (p *process) workOn(ctx context.Context, address string, ids []string, f *workFlags, changed func(string) bool, etag string) error {
	a, mask, err := f.update(changed)
	if err != nil {
		return err
	}
	if len(mask.GetPaths()) == 0 && f.comment == "" {
		return usagef("nothing is to be changed; expected some of --state, --classification, --reason, --assignee, --comment")
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewAlertServiceClient(conn)
	names, err := alertNames(ctx, client, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		a.Name, a.Etag = names[i], etag
		now, err := client.UpdateAlert(ctx, &sealwatchv1.UpdateAlertRequest{Alert: a, UpdateMask: mask, Author: f.author, Comment: f.comment})
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		p.print("%s", workLine(now))
	}
	return nil
}

// workLine is an alert with what people made of it, on a line.
func workLine(a *sealwatchv1.Alert) string {
	return terminal.Text(strings.Join(append([]string{strings.TrimPrefix(a.GetName(), alertPrefix)}, workWords(a)...), "  ")) + "  " + terminal.Text(a.GetTitle())
}

// workWords are the state, the verdict and who works on it.
func workWords(a *sealwatchv1.Alert) []string {
	verdict := classificationName(a.GetClassification())
	if a.GetReason() != 0 {
		verdict += " (" + reasonName(a.GetReason()) + ")"
	}
	return present(stateName(a.GetState()), verdict, a.GetAssignee())
}

func (p *process) alertsUpdate() *cobra.Command {
	c := &cobra.Command{
		Use:   "update ALERT...",
		Short: "Set the state, the classification, its reason or the assignee of alerts",
		Long: "Set the state, the classification, its reason or the assignee of alerts, by id. An empty --classification, --reason or --assignee takes\n" +
			"it back. With --etag, as GET /v1/alerts/ID tells it, an alert that somebody has changed meanwhile is left as it is. Nobody classifies\n" +
			"or resolves an alert about themselves.",
		Example: "  sealwatch alerts update 5f0c... --state in_progress --assignee ann@example.com\n" +
			"  sealwatch alerts update 5f0c... --classification true_positive --reason phishing --comment \"ticket 17\"",
		Args: cobra.MinimumNArgs(1),
	}
	address, f := p.addressFlag(c), &workFlags{}
	c.Flags().StringVar(&f.state, "state", "", "new, in_progress or resolved")
	f.verdict(c)
	c.Flags().StringVar(&f.assignee, "assignee", "", "who works on it")
	f.remark(c)
	etag := c.Flags().String("etag", "", "the version that was judged; another is left as it is")
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, ids []string) error {
		return p.workOn(c.Context(), *address, ids, f, c.Flags().Changed, *etag)
	}
	return c
}

func (p *process) alertsAssign() *cobra.Command {
	c := &cobra.Command{
		Use:   "assign ALERT...",
		Short: "Say who works on alerts",
		Long: "Say who works on alerts, by id: --to somebody, or whoever runs the command; --nobody takes it back. An alert that is new is in progress from\n" +
			"then on, and with --nobody new again; what is resolved stays resolved.",
		Example: "  sealwatch alerts assign 5f0c...\n  sealwatch alerts assign 5f0c... 77ab... --to ann@example.com",
		Args:    cobra.MinimumNArgs(1),
	}
	address, f := p.addressFlag(c), &workFlags{}
	c.Flags().StringVar(&f.assignee, "to", "", "who works on them (default the author)")
	nobody := c.Flags().Bool("nobody", false, "take it back: nobody works on them")
	f.remark(c)
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, ids []string) error {
		switch {
		case *nobody && f.assignee != "":
			return usagef("--nobody: not together with --to")
		case !*nobody && f.assignee == "":
			f.assignee = f.author
		}
		return p.assign(c.Context(), *address, ids, f, *nobody)
	}
	return c
}

func (p *process) alertsComment() *cobra.Command {
	c := &cobra.Command{
		Use:     "comment ALERT TEXT",
		Short:   "Add a remark to an alert",
		Example: "  sealwatch alerts comment 5f0c... \"called Ada: she is on holiday\"",
		Args:    cobra.ExactArgs(2),
	}
	address := p.addressFlag(c)
	request := &sealwatchv1.AddAlertCommentRequest{}
	p.authorFlag(c, &request.Author)
	c.RunE = func(c *cobra.Command, args []string) error {
		if strings.TrimSpace(args[1]) == "" {
			return usagef("TEXT: found %q, expected a remark", args[1])
		}
		request.Text = args[1]
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewAlertServiceClient(conn)
		names, err := alertNames(c.Context(), client, args[:1])
		if err != nil {
			return err
		}
		request.Name = names[0]
		a, err := client.AddAlertComment(c.Context(), request)
		if err != nil {
			return err
		}
		p.print("%s", workLine(a))
		return nil
	}
	return c
}

func (p *process) alertsHistory() *cobra.Command {
	c := &cobra.Command{
		Use:     "history ALERT",
		Short:   "Tell who changed what of an alert and when",
		Long:    "Tell who changed what of an alert and when, the first change first. analysis stands for what Sealwatch found by itself.",
		Example: "  sealwatch alerts history 5f0c...",
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
		client := sealwatchv1.NewAlertServiceClient(conn)
		names, err := alertNames(c.Context(), client, args)
		if err != nil {
			return err
		}
		var all []*sealwatchv1.AlertHistoryEntry
		for request := (&sealwatchv1.ListAlertChangesRequest{Name: names[0], PageSize: 1000}); ; {
			page, err := client.ListAlertChanges(c.Context(), request)
			if err != nil {
				return err
			}
			all = append(all, page.GetChanges()...)
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
				break
			}
		}
		for i := len(all) - 1; i >= 0; i-- {
			n := len(all) - 1 - i
			if asJSON {
				text, err := messageJSON(all[i], "  ")
				if err != nil {
					return err
				}
				_, _ = fmt.Fprint(p.out, listStart(n)+text)
				continue
			}
			p.print("%s", historyText(all[i]))
		}
		if asJSON {
			p.print("%s", listEnd(len(all)))
		}
		return nil
	}
	return c
}

// historyText is a change: when, who, what happened, and on lines of their own what became another.
func historyText(e *sealwatchv1.AlertHistoryEntry) string {
	lines := []string{strings.Join([]string{stamp(e.GetChangeTime().AsTime()), changeName(e.GetChange()), "by " + terminal.Text(e.GetActor())}, "  ")}
	for _, f := range e.GetFields() {
		text := f.GetBefore() + " → " + f.GetAfter()
		switch {
		case f.GetBefore() == "" && f.GetAfter() == "":
			text = "changed"
		case f.GetBefore() == "":
			text = f.GetAfter()
		case f.GetAfter() == "":
			text = "no longer " + f.GetBefore()
		}
		lines = append(lines, "    "+terminal.Cell(f.GetField(), 14)+"  "+terminal.Text(text))
	}
	return strings.Join(lines, "\n")
}
