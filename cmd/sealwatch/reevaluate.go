package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// reevaluateFlags are the options of the command.
type reevaluateFlags struct {
	apply, yes bool
	author     string
}

func (p *process) reevaluateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "reevaluate",
		Short: "Judge a span of the past by the detections as they are now",
		Long: "A changed setting, query or scope of a detection judges what happens from the change on; what happened before stays as it was\n" +
			"judged. This command shows how the alerts of a span of the past would differ if the detections as they are now judged it:\n" +
			"what would be created, changed and withdrawn, by detection and day, with examples. Nothing is stored.\n\n" +
			"With --apply it then asks, and puts exactly what it showed into force. What people set on alerts stays.",
		Example: "  sealwatch reevaluate --from 2026-05-01 --to 2026-06-01 --detection failed_logins\n" +
			"  sealwatch reevaluate --from 30d --apply --yes --author ann@example.com",
		Args: cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	detections := c.Flags().StringSlice("detection", nil, "only these detections, by id (default all enabled ones)")
	from := c.Flags().String("from", "", "findings that begin then or later: how long ago such as 30d, a time or a date (required)")
	to := c.Flags().String("to", "", "findings that begin before then: how long ago, a time or a date (default now)")
	examples := examplesFlag(c)
	f := &reevaluateFlags{}
	c.Flags().BoolVar(&f.apply, "apply", false, "put what is shown into force, after asking")
	c.Flags().BoolVar(&f.yes, "yes", false, "with --apply, do not ask")
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		if *from == "" {
			return usagef("--from: not given; expected where the span begins: how long ago such as 30d, a time or a date")
		}
		request := &sealwatchv1.ReevaluateRequest{Detections: *detections}
		if request.Examples, err = examples(); err != nil {
			return err
		}
		if request.StartTime, err = since("--from", *from, p.now()); err != nil {
			return err
		}
		if request.EndTime, err = since("--to", *to, p.now()); err != nil {
			return err
		}
		if f.apply && f.author == "" {
			return usagef("--author: not given and there is no USER in the environment; expected who wants this")
		}
		if f.apply && !f.yes && !p.inTerminal {
			return usagef("--apply: standard input is no terminal to ask on; look at the difference first, and then say --yes")
		}
		return p.reevaluate(c.Context(), *address, request, f, asJSON)
	}
	return c
}

// authorFlag adds --author, which is by default who runs the command.
func (p *process) authorFlag(c *cobra.Command, author *string) {
	name := ""
	for _, pair := range p.environ {
		if value, ok := strings.CutPrefix(pair, "USER="); ok {
			name = value
		}
	}
	if name == "" {
		name = p.account
	}
	c.Flags().StringVar(author, "author", name, "who does this, by a name that others know")
	c.Flags().Lookup("author").DefValue = "$USER"
}

// reevaluate shows, and with --apply puts into force what it showed.
func (p *process) reevaluate(ctx context.Context, address string, request *sealwatchv1.ReevaluateRequest, f *reevaluateFlags, asJSON bool) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewDetectionServiceClient(conn)
	shown, err := p.showDifference(ctx, client, request, asJSON)
	if err != nil || !f.apply {
		return err
	}
	order := &sealwatchv1.ApplyReevaluationRequest{Author: f.author}
	differences := 0
	for _, r := range shown {
		order.StartTime, order.EndTime = r.GetStartTime(), r.GetEndTime()
		order.Detections = append(order.Detections, &sealwatchv1.ReevaluatedDetection{Detection: r.GetDetection(), PreviewToken: r.GetPreviewToken()})
		differences += int(r.GetTotal().GetCreated() + r.GetTotal().GetChanged() + r.GetTotal().GetWithdrawn())
	}
	if len(shown) == 0 {
		p.say("there is no detection to apply")
		return nil
	}
	if !f.yes {
		_, _ = fmt.Fprintf(p.err, "Put %s of %s into force? Type yes: ", numbered(differences, "difference", "differences"), numbered(len(shown), "detection", "detections"))
		answer, err := bufio.NewReader(p.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if strings.TrimSpace(answer) != "yes" {
			p.say("nothing was changed")
			return errSaid
		}
	}
	made, err := client.ApplyReevaluation(ctx, order)
	if err != nil {
		return err
	}
	for _, v := range made.GetVersions() {
		p.say("%s: revision %d judges %s to %s; the alerts follow", v.GetDetection(), v.GetVersion().GetRevision(), stamp(v.GetVersion().GetStartTime().AsTime()), stamp(v.GetVersion().GetEndTime().AsTime()))
	}
	return nil
}

// showDifference prints each result as it comes, and on a terminal how far the rest is.
func (p *process) showDifference(ctx context.Context, client sealwatchv1.DetectionServiceClient, request *sealwatchv1.ReevaluateRequest, asJSON bool) ([]*sealwatchv1.ReevaluateResult, error) {
	stream, err := client.Reevaluate(ctx, request)
	if err != nil {
		return nil, err
	}
	var all []*sealwatchv1.ReevaluateResult
	said := ""
	same, shown := 0, 0 // without and with differences
	defer func() { p.clear(said) }()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		p.clear(said)
		said = ""
		if err != nil {
			return nil, err
		}
		if g := m.GetProgress(); g != nil {
			said = p.note(fmt.Sprintf("%3.0f %%  %s up to %s", 100*g.GetFraction(), g.GetDetection(), stamp(g.GetReachedTime().AsTime())))
		}
		if r := m.GetResult(); r != nil {
			text := ""
			switch {
			case asJSON:
			case different(r.GetTotal()) == 0 && len(request.GetDetections()) != 1: // of a single one people want to know what was compared
				same++
			default:
				text = differenceTable(r)
				shown++
			}
			if asJSON {
				if text, err = messageJSON(r, "  "); err != nil {
					return nil, fmt.Errorf("re-evaluation of %s as JSON: %w", r.GetDetection(), err)
				}
				text = listStart(len(all)) + text
			} else if text != "" && shown > 1 {
				text = "\n" + text
			}
			if _, err := io.WriteString(p.out, text); err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	if asJSON {
		p.print("%s", listEnd(len(all)))
	} else if same > 0 {
		p.print("%s", withoutDifference(all, same))
	}
	return all, nil
}

func different(c *sealwatchv1.ReevaluateCount) int {
	return int(c.GetCreated() + c.GetChanged() + c.GetWithdrawn())
}

// withoutDifference says in one sentence of which detections nothing would differ.
func withoutDifference(all []*sealwatchv1.ReevaluateResult, same int) string {
	if same == len(all) && same > 1 {
		return fmt.Sprintf("no difference: all %d detections find from %s to %s what there is", same, stamp(all[0].GetStartTime().AsTime()), stamp(all[0].GetEndTime().AsTime()))
	}
	var names []string
	for _, r := range all {
		if different(r.GetTotal()) == 0 {
			names = append(names, terminal.Text(r.GetDetection()))
		}
	}
	return "no difference: " + strings.Join(names, ", ")
}

// differenceTable is a result for people.
func differenceTable(r *sealwatchv1.ReevaluateResult) string {
	var b strings.Builder
	var revisions []string
	for _, n := range r.GetRevisions() {
		revisions = append(revisions, fmt.Sprint(n))
	}
	fmt.Fprintf(&b, "%s  %s to %s\n", terminal.Text(r.GetDetection()), stamp(r.GetStartTime().AsTime()), stamp(r.GetEndTime().AsTime()))
	if len(revisions) == 0 {
		b.WriteString("  judged today by nothing: it did not apply yet\n")
	} else {
		fmt.Fprintf(&b, "  judged today by revision %s\n", strings.Join(revisions, ", "))
	}
	t := r.GetTotal()
	fmt.Fprintf(&b, "  alerts: %d instead of %d; %s\n", t.GetAlerts(), t.GetAlertsNow(), numbered(int(t.GetUnchanged()), "finding stays as it is", "findings stay as they are"))
	for _, n := range r.GetNotes() {
		fmt.Fprintf(&b, "  note: %s\n", terminal.Text(n))
	}
	if different(t) == 0 {
		b.WriteString("  no difference\n")
		return b.String()
	}
	row := func(label string, c *sealwatchv1.ReevaluateCount) {
		fmt.Fprintf(&b, "  %s%*d%*d%*d\n", terminal.Cell(label, widthLabel), widthNumber, c.GetCreated(), widthNumber, c.GetChanged(), widthNumber, c.GetWithdrawn())
	}
	fmt.Fprintf(&b, "\n  %s%*s%*s%*s\n", terminal.Cell("DAY", widthLabel), widthNumber, "CREATED", widthNumber, "CHANGED", widthNumber, "WITHDRAWN")
	for _, d := range r.GetDays() {
		row(d.GetDate(), d.GetCount())
	}
	row("in all", t)
	b.WriteString("\n")
	for _, e := range r.GetExamples() {
		word := strings.ToLower(strings.TrimPrefix(e.GetDifference().String(), "ALERT_CHANGE_"))
		fmt.Fprintf(&b, "  %s  %s  %s  %s  %s\n", terminal.Cell(word, len("retracted")), stamp(e.GetStartTime().AsTime()), terminal.Cell(stateName(e.GetState()), len("in_progress")),
			terminal.Cell(severityName(e.GetSeverity()), widthSeverity), terminal.Text(e.GetTitle()))
		writeFields(&b, e)
	}
	shown := map[sealwatchv1.AlertChange]int{}
	for _, e := range r.GetExamples() {
		shown[e.GetDifference()]++
	}
	b.WriteString(moreExamples(int(t.GetCreated()), shown[sealwatchv1.AlertChange_ALERT_CHANGE_CREATED], " that would be created"))
	b.WriteString(moreExamples(int(t.GetChanged()), shown[sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED], " that would change"))
	b.WriteString(moreExamples(int(t.GetWithdrawn()), shown[sealwatchv1.AlertChange_ALERT_CHANGE_RETRACTED], " that would be withdrawn"))
	return b.String()
}

// mostFields is how many differing parts of a finding the table has; the JSON has all.
const mostFields = 8

// writeFields says what is another in a finding that changes.
func writeFields(b *strings.Builder, e *sealwatchv1.ReevaluateExample) {
	if e.GetDifference() != sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED {
		return
	}
	if e.GetState() != e.GetPreviousState() {
		fmt.Fprintf(b, "             state: %s instead of %s\n", stateName(e.GetState()), stateName(e.GetPreviousState()))
	}
	none := func(text string) string {
		if text == "" {
			return "none"
		}
		return terminal.Text(text)
	}
	for i, f := range e.GetFields() {
		if i == mostFields {
			fmt.Fprintf(b, "             and %d more, which -o json shows\n", len(e.GetFields())-mostFields)
			break
		}
		if f.GetField() == "events" {
			if f.GetAfter() != "" {
				fmt.Fprintf(b, "             events that come: %s\n", terminal.Text(f.GetAfter()))
			}
			if f.GetBefore() != "" {
				fmt.Fprintf(b, "             events that go: %s\n", terminal.Text(f.GetBefore()))
			}
			continue
		}
		fmt.Fprintf(b, "             %s: %s instead of %s\n", terminal.Text(f.GetField()), none(f.GetAfter()), none(f.GetBefore()))
	}
}
