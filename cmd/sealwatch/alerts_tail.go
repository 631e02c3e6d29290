package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) alertsTail() *cobra.Command {
	c := &cobra.Command{
		Use:   "tail",
		Short: "Show alerts as they are raised and change",
		Long: "Show alerts as they are raised and change, until it is stopped. After a disconnect it goes on where it was, without a gap. Before each\n" +
			"title stands what happened; [more known] is an alert that stays what it was, of which more is known: who somebody is, what followed.\n" +
			"With -o json each change is one JSON object a line: the alert as GET /v1/alerts returns it.",
		Example: "  sealwatch alerts tail --severity medium\n  sealwatch alerts tail --since 24h\n  sealwatch alerts tail --from-start -o json | jq .title",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputFlag(c)
	f := &alertFlags{}
	f.add(c)
	first := c.Flags().Bool("from-start", false, "begin with the first change that is retained")
	from := c.Flags().String("since", "", "begin with what changed since then: how long ago such as 24h or 7d, a time or a date")
	after := c.Flags().String("after", "", "begin after this resume token")
	c.MarkFlagsMutuallyExclusive("from-start", "since", "after")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
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
		begin, err := since("--since", *from, p.now())
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		t := &tail{client: client.New(conn), filter: filter, after: *after, since: begin, say: p.say}
		if *first {
			t.after = client.First
		}
		if !asJSON {
			p.print("%s", alertHeader())
		}
		return t.run(c.Context(), func(m client.Change) error {
			line := alertLine(m.Alert, happened(m))
			if asJSON {
				if line, err = alertJSON(m.Alert, ""); err != nil {
					return err
				}
			}
			_, err := io.WriteString(p.out, line+"\n")
			return err
		})
	}
	return c
}

// happened says what a change did: what people did of an alert, and otherwise the kind of the change.
func happened(m client.Change) string {
	var all []string
	by := ""
	if m.Actor != "" && m.Actor != alertActor {
		by = " by " + m.Actor
	}
	after := map[string]string{}
	var said []string
	for _, f := range m.Fields {
		after[f.GetField()] = f.GetAfter()
		switch f.GetField() {
		case "comments":
			said = append(said, f.GetAfter())
		case "severity":
			all = append(all, "severity "+f.GetBefore()+" → "+f.GetAfter())
		case "assignee":
			if f.GetAfter() == "" {
				all = append(all, "assigned to nobody")
			} else {
				all = append(all, "assigned "+f.GetAfter())
			}
		}
	}
	verdict := strings.Join(present(classificationName(m.Alert.GetClassification()), reasonName(m.Alert.GetReason())), ", ")
	_, judged := after["classification"]
	_, reasoned := after["reason"]
	switch state := after["state"]; {
	case m.Alert.GetState() == sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED:
		all = append([]string{"suppressed by " + suppressors(m.Alert.GetSuppressedBy())}, all...)
	case state == "resolved":
		all = append([]string{strings.TrimSpace("resolved " + verdict)}, all...)
	case state != "" && m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED:
		word := strings.ReplaceAll(state, "_", " ")
		for _, f := range m.Fields {
			switch {
			case f.GetField() == "state" && f.GetBefore() == "resolved":
				word = "reopened"
			case f.GetField() == "state" && f.GetBefore() == "suppressed":
				word = "no longer suppressed"
			}
		}
		all = append([]string{word}, all...)
	case (judged || reasoned) && verdict != "":
		all = append([]string{"judged " + verdict}, all...)
	case judged:
		all = append([]string{"no longer judged"}, all...)
	}
	if len(all) == 0 && len(said) == 0 || m.Kind != sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED && len(said) == 0 && after["state"] == "" {
		word := changeName(m.Kind)
		if m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_DESCRIBED {
			word = "more known"
		}
		all = append([]string{word}, all...)
	}
	text := strings.Join(all, ", ")
	if text != "" {
		text += by
	}
	for _, s := range said { // it says who
		text = strings.Join(present(text, "comment "+s), "; ")
	}
	return text
}

// alertActor makes what the analysis finds.
const alertActor = "analysis"

// changeName is what happened to an alert, in one word.
func changeName(c sealwatchv1.AlertChange) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "ALERT_CHANGE_"))
}

// tail follows the alerts.
type tail struct {
	client *client.Client
	filter *sealwatchv1.AlertFilter
	// after is the resume token to begin after, since the time to begin at.
	after string
	since *timestamppb.Timestamp
	say   func(format string, args ...any)
}

// patienceOfTail is how long a tail that never got a message tries to reach the service.
const patienceOfTail = 10 * time.Second

// run calls show for every change until ctx ends, which is no error. It gives up when the service refuses, or was never
// reached.
func (t *tail) run(ctx context.Context, show func(client.Change) error) error {
	away := false
	options := []client.Option{
		client.GiveUp(patienceOfTail),
		client.OnRetry(func(err error, _ time.Duration) {
			if !away {
				t.say("%s; trying again", message(err))
			}
			away = true
		}),
		client.OnConnect(func() {
			if away {
				t.say("the service is back")
			}
			away = false
		}),
		client.OnMissed(func(m client.Missed) {
			t.say("this reader is slow: %s passed over, and fetched now", numbered(m.Count, "change was", "changes were"))
		}),
	}
	if t.since != nil {
		options = append(options, client.Since(t.since.AsTime()))
	}
	for m, err := range t.client.Alerts(ctx, t.filter, t.after, options...) {
		if err != nil {
			return err
		}
		if err := show(m); err != nil {
			return err
		}
	}
	return nil
}

// suppressors are the reasons for a suppression; of an exception the beginning of its id is enough to find it.
func suppressors(reasons []string) string {
	all := make([]string, len(reasons))
	for i, r := range reasons {
		all[i] = r
		if id, ok := strings.CutPrefix(r, "exception:"); ok {
			all[i] = "exception " + id[:min(len(id), 8)]
		}
	}
	return strings.Join(all, ", ")
}
