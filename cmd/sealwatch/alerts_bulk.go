package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// unresolved are the states in which an alert can be closed.
var unresolved = []sealwatchv1.AlertState{sealwatchv1.AlertState_ALERT_STATE_NEW, sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS}

// shownBefore is how many of the alerts a dry run names.
const shownBefore = 10

// bulk is work on all alerts that a filter selects.
type bulk struct {
	// word and done name the work: close, closed.
	word, done string
	// states in which the work makes sense; the filter's own come first.
	states []sealwatchv1.AlertState
	dry    bool
	// expected is how many the filter selects; nil when nobody said.
	expected *int32
	// changed says which of the fields are set although they are empty.
	changed func(flag string) bool
}

// expectedCount is the flag's value, nil when it is not given: 0 is a number.
func expectedCount(c *cobra.Command, value int32) *int32 {
	if !c.Flags().Changed("expected-count") {
		return nil
	}
	return &value
}

// skippedWords say why alerts were left as they are.
var skippedWords = map[string]string{"own": "about whoever runs this, somebody else has to judge them", "changed": "changed meanwhile, the filter no longer selects them", "state": "there is no work to be done on them",
	"classification": "their reason and classification would not go together", "comments": "they can have no more remarks"}

func (p *process) workOnAll(ctx context.Context, address string, filter *sealwatchv1.AlertFilter, f *workFlags, b bulk) error {
	if b.changed == nil {
		b.changed = func(string) bool { return false }
	}
	a, mask, err := f.update(b.changed)
	if err != nil {
		return err
	}
	if len(filter.GetStates()) == 0 {
		filter.States = b.states
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewAlertServiceClient(conn)
	done, err := client.BulkUpdateAlerts(ctx, &sealwatchv1.BulkUpdateAlertsRequest{Filter: filter, Alert: a, UpdateMask: mask, Author: f.author, Comment: f.comment, ValidateOnly: b.dry, ExpectedCount: b.expected})
	if err != nil {
		return err
	}
	n := int(done.GetMatchedCount())
	switch {
	case b.dry && n == 0:
		p.print("the filter selects no alert; there is nothing to %s", b.word)
		return nil
	case b.dry:
		return p.sayWhich(ctx, client, filter, n, b)
	}
	p.print("%d of %s %s", done.GetUpdatedCount(), plural(n, "alert"), b.done)
	for _, s := range done.GetSkipped() {
		why, known := skippedWords[s.GetReason()]
		if !known {
			why = s.GetReason()
		}
		p.print("%d left: %s, such as %s", s.GetCount(), terminal.Text(why), terminal.Text(strings.TrimPrefix(s.GetExample(), alertPrefix)))
	}
	return nil
}

// sayWhich names the first of the alerts that would be worked on.
func (p *process) sayWhich(ctx context.Context, client sealwatchv1.AlertServiceClient, filter *sealwatchv1.AlertFilter, n int, b bulk) error {
	page, err := client.ListAlerts(ctx, &sealwatchv1.ListAlertsRequest{Filter: filter, PageSize: shownBefore})
	if err != nil {
		return err
	}
	p.print("%s", alertHeader())
	for _, a := range page.GetAlerts() {
		p.print("%s", alertLine(a, standing(a)))
	}
	if more := n - len(page.GetAlerts()); more > 0 {
		p.print("and %d more", more)
	}
	them := "them"
	if n == 1 {
		them = "it"
	}
	p.print("the filter selects %s; to %s %s, run it without --dry-run and with --expected-count %d", plural(n, "alert"), b.word, them, n)
	return nil
}
