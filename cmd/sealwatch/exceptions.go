package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/duration"
)

func (p *process) exceptionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exceptions",
		Short: "Say of an alert that it is none, and of findings like it",
		Long: "An exception is made of an alert that turned out to be none. Findings of the same detection that have the same attributes, and\n" +
			"are not more severe, are stored as suppressed with the exception as their reason, until it ends. It ends within 90 days, and nobody\n" +
			"makes one of an alert about themselves.",
	}
	c.AddCommand(p.exceptionsCreate(), p.exceptionsList(), p.exceptionsDelete())
	return c
}

func (p *process) exceptionsCreate() *cobra.Command {
	c := &cobra.Command{
		Use:   "create",
		Short: "Make an exception of an alert",
		Long: "Make an exception of an alert. Each --attribute names what a finding must have in common with it: subject, or an attribute that the\n" +
			"detection defines, such as ipAddress; several have to be there together. An attribute that the alert does not have is refused with\n" +
			"those that it has.",
		Example: "  sealwatch exceptions create --alert 5f0c... --attribute ipAddress --expires 30d --reason \"our VPN in Dublin\"\n" +
			"  sealwatch exceptions create --alert 5f0c... --attribute subject,ipAddress --classification false_positive --expires 2026-06-01 --reason \"wrong place\"",
		Args: cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "text")
	request := &sealwatchv1.CreateExceptionRequest{}
	id := c.Flags().String("alert", "", "id of the alert, or four or more characters of its beginning (required)")
	attributes := c.Flags().StringSlice("attribute", nil, "what findings must have in common with the alert: subject, ipAddress, ...; may be given again (required)")
	expires := c.Flags().String("expires", "", "event time at which it ends: from now on such as 30d or 12h, a time or a date; within 90 days (required)")
	classification := c.Flags().String("classification", "benign_positive", "benign_positive (it happened, and is harmless) or false_positive (it did not happen)")
	severity := c.Flags().String("max-severity", "", "highest severity that it covers (default the alert's)")
	c.Flags().StringVar(&request.Reason, "reason", "", "why, in words (required)")
	var wait time.Duration
	durationVar(c.Flags(), &wait, "wait", 5*time.Second, "how long to wait for the alert to be suppressed, to say how many are")
	p.authorFlag(c, &request.Author)
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		for _, f := range []struct{ flag, value string }{{"alert", *id}, {"attribute", strings.Join(*attributes, "")}, {"expires", *expires}, {"reason", request.GetReason()}, {"author", request.GetAuthor()}} {
			if f.value == "" {
				return usagef("--%s: not given", f.flag)
			}
		}
		request.Alert, request.Attributes = *id, *attributes
		if request.ExpireTime, err = until("--expires", *expires, p.now()); err != nil {
			return err
		}
		n, known := sealwatchv1.AlertClassification_value["ALERT_CLASSIFICATION_"+strings.ToUpper(*classification)]
		if !known || n < 2 {
			return usagef("--classification: found %q, expected benign_positive or false_positive", *classification)
		}
		request.Classification = sealwatchv1.AlertClassification(n)
		if *severity != "" {
			n, known := sealwatchv1.Severity_value["SEVERITY_"+strings.ToUpper(*severity)]
			if !known || n == 0 {
				return usagef("--max-severity: found %q, expected informational, low, medium, high or critical", *severity)
			}
			request.MaxSeverity = sealwatchv1.Severity(n)
		}
		return p.createException(c.Context(), *address, request, asJSON, wait)
	}
	return c
}

func (p *process) createException(ctx context.Context, address string, request *sealwatchv1.CreateExceptionRequest, asJSON bool, wait time.Duration) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	names, err := alertNames(ctx, sealwatchv1.NewAlertServiceClient(conn), []string{request.GetAlert()})
	if err != nil {
		return err
	}
	request.Alert = names[0]
	e, err := sealwatchv1.NewExceptionServiceClient(conn).CreateException(ctx, request)
	if err != nil {
		return err
	}
	if asJSON {
		text, err := messageJSON(e, "  ")
		if err != nil {
			return err
		}
		p.print("%s", text)
		return nil
	}
	p.print("%s  %s", exceptionID(e), exceptionText(e, p.now()))
	return p.saySuppressed(ctx, conn, e, wait)
}

// until reads the value of a flag: how long from now on, or a time.
func until(flag, s string, now time.Time) (*timestamppb.Timestamp, error) {
	if d, err := duration.Parse(s); err == nil && d > 0 {
		return timestamppb.New(now.Add(d)), nil
	}
	t, err := parseTime(flag, s)
	if err != nil {
		return nil, usagef("%s: found %q, expected how long from now on such as 30d or 12h, a time such as 2026-01-31T08:00:00Z, or a date", flag, s)
	}
	return timestamppb.New(t), nil
}

func exceptionID(e *sealwatchv1.Exception) string {
	return terminal.Text(strings.TrimPrefix(e.GetName(), exceptionPrefix))
}

// exceptionText says what an exception covers.
func exceptionText(e *sealwatchv1.Exception, now time.Time) string {
	var parts []string
	if e.GetSubject() != nil {
		parts = append(parts, "subject = "+e.GetSubject().GetId())
	}
	for _, a := range e.GetAttributes() {
		parts = append(parts, a.GetName()+" = "+strings.Join(a.GetValues(), " or "))
	}
	state := "until " + stamp(e.GetExpireTime().AsTime())
	if !e.GetExpireTime().AsTime().After(now) {
		state = "ended " + stamp(e.GetExpireTime().AsTime())
	}
	if e.GetRemoved() {
		state = "taken back by " + e.GetRemover()
	}
	return terminal.Text(fmt.Sprintf("%s up to %s where %s, %s", e.GetDetection(), severityName(e.GetMaxSeverity()), strings.Join(parts, " and "), state))
}

func (p *process) exceptionsList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List exceptions, the newest first",
		Example: "  sealwatch exceptions list --detection failed_logins",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	request := &sealwatchv1.ListExceptionsRequest{PageSize: 1000}
	c.Flags().StringSliceVar(&request.Detections, "detection", nil, "only those of these detections, by id")
	c.Flags().BoolVar(&request.ShowRemoved, "all", false, "also those that were taken back")
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
		client := sealwatchv1.NewExceptionServiceClient(conn)
		for n := 0; ; {
			page, err := client.ListExceptions(c.Context(), request)
			if err != nil {
				return err
			}
			for _, e := range page.GetExceptions() {
				if asJSON {
					text, err := messageJSON(e, "  ")
					if err != nil {
						return err
					}
					_, _ = fmt.Fprint(p.out, listStart(n)+text)
				} else {
					p.print("%s  %s\n    by %s on %s: %s", exceptionID(e), exceptionText(e, p.now()), terminal.Text(e.GetAuthor()), stamp(e.GetCreateTime().AsTime()), terminal.Text(e.GetReason()))
				}
				n++
			}
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() != "" {
				continue
			}
			switch {
			case asJSON:
				p.print("%s", listEnd(n))
			case n == 0:
				p.say("there is no exception")
			}
			return nil
		}
	}
	return c
}

const exceptionPrefix = "exceptions/"

// leastOfException is how much of an id, at least, stands for the exception.
const leastOfException = 4

// exceptionName is the name of the one exception in force whose id begins so. A whole id is taken as it is, and the service says whether
// there is one.
func exceptionName(ctx context.Context, client sealwatchv1.ExceptionServiceClient, said string) (string, error) {
	id := strings.ToLower(strings.TrimPrefix(said, exceptionPrefix))
	if len(id) >= len("0190c1f2-0000-7000-8000-000000000000") {
		return exceptionPrefix + id, nil
	}
	if len(id) < leastOfException {
		return "", usagef("found %q, expected the id of an exception, or %d or more characters of its beginning", said, leastOfException)
	}
	var found []string
	request := &sealwatchv1.ListExceptionsRequest{PageSize: 1000}
	for {
		page, err := client.ListExceptions(ctx, request)
		if err != nil {
			return "", err
		}
		for _, e := range page.GetExceptions() {
			if strings.HasPrefix(strings.TrimPrefix(e.GetName(), exceptionPrefix), id) {
				found = append(found, e.GetName())
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	switch len(found) {
	case 0:
		return "", usagef("no exception in force begins with %q; sealwatch exceptions list shows them", said)
	case 1:
		return found[0], nil
	}
	for i, name := range found {
		found[i] = strings.TrimPrefix(name, exceptionPrefix)
	}
	return "", usagef("several exceptions begin with %q (%s); say more of it", said, terminal.Text(strings.Join(found[:min(len(found), 5)], ", ")))
}

func (p *process) exceptionsDelete() *cobra.Command {
	c := &cobra.Command{
		Use:     "delete ID",
		Short:   "Take an exception back: what it suppressed is an alert again",
		Long:    "Take an exception back, by its id or by four or more characters from its beginning, as alerts and lists show it: what it suppressed is\nan alert again.",
		Example: "  sealwatch exceptions delete 0190c1f2",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	request := &sealwatchv1.DeleteExceptionRequest{}
	p.authorFlag(c, &request.Author)
	c.RunE = func(c *cobra.Command, args []string) error {
		if request.GetAuthor() == "" {
			return usagef("--author: not given and there is no USER in the environment; expected who takes it back")
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewExceptionServiceClient(conn)
		if request.Name, err = exceptionName(c.Context(), client, args[0]); err != nil {
			return err
		}
		if _, err := client.DeleteException(c.Context(), request); err != nil {
			return err
		}
		p.say("%s is taken back; the alerts follow", terminal.Text(strings.TrimPrefix(request.GetName(), exceptionPrefix)))
		return nil
	}
	return c
}
