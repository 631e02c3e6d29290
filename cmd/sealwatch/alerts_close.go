package main

import (
	"context"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) alertsClose() *cobra.Command {
	c := &cobra.Command{
		Use:   "close [ALERT...]",
		Short: "Resolve alerts, by id or all that a filter selects",
		Long: "Resolve alerts with what they were: those that are named by id, or all that the filter selects. --dry-run tells how many the filter\n" +
			"selects, and changes nothing; to close more than 100 by a filter, repeat that number with --expected-count. Alerts about whoever runs it\n" +
			"are left open: nobody judges themselves. An alert that later becomes more severe, or, unless it was no attack, goes on, is\n" +
			"new again.",
		Example: "  sealwatch alerts close 5f0c... --as benign_positive --because confirmed_with_user\n" +
			"  sealwatch alerts close --detection infrequent_country --country FR --as benign_positive --dry-run\n" +
			"  sealwatch alerts close --detection infrequent_country --country FR --as benign_positive --expected-count 137",
	}
	address, f, filter := p.addressFlag(c), &workFlags{state: "resolved"}, &alertFlags{}
	filter.add(c)
	c.Flags().StringVar(&f.classification, "as", "", "what they were: true_positive, benign_positive or false_positive (required)")
	c.Flags().StringVar(&f.reason, "because", "", "why: a reason that goes with it, such as confirmed_with_user")
	f.remark(c)
	dry := c.Flags().Bool("dry-run", false, "say how many the filter selects, and change nothing")
	expected := c.Flags().Int32("expected-count", 0, "how many the filter selects; with another number nothing is changed")
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, ids []string) error {
		if f.classification == "" {
			return usagef("--as: not given; expected true_positive, benign_positive or false_positive")
		}
		selected, err := filter.filter(p.now())
		if err != nil {
			return err
		}
		given := filter.given(c)
		switch {
		case len(ids) > 0 && (given || *dry || *expected != 0):
			return usagef("close takes either alerts by id or a filter, not both")
		case len(ids) > 0:
			return p.workOn(c.Context(), *address, ids, f, func(string) bool { return false }, "")
		case !given:
			return usagef("neither an alert nor a filter is given; expected ids, or flags such as --detection or --user")
		}
		return p.closeAll(c.Context(), *address, selected, f, *dry, *expected)
	}
	return c
}

func (p *process) closeAll(ctx context.Context, address string, filter *sealwatchv1.AlertFilter, f *workFlags, dry bool, expected int32) error {
	a, mask, err := f.update(func(string) bool { return false })
	if err != nil {
		return err
	}
	if len(filter.GetStates()) == 0 { // what is resolved already needs no closing
		filter.States = []sealwatchv1.AlertState{sealwatchv1.AlertState_ALERT_STATE_NEW, sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS}
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	done, err := sealwatchv1.NewAlertServiceClient(conn).BulkUpdateAlerts(ctx, &sealwatchv1.BulkUpdateAlertsRequest{Filter: filter, Alert: a, UpdateMask: mask, Author: f.author, Comment: f.comment, ValidateOnly: dry, ExpectedCount: expected})
	if err != nil {
		return err
	}
	if dry {
		p.print("the filter selects %s; to close them, run it without --dry-run and with --expected-count %d", plural(int(done.GetMatchedCount()), "alert"), done.GetMatchedCount())
		return nil
	}
	p.print("%d of %s closed", done.GetUpdatedCount(), plural(int(done.GetMatchedCount()), "alert"))
	return nil
}
