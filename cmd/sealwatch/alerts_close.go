package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) alertsClose() *cobra.Command {
	c := &cobra.Command{
		Use:   "close [ALERT...]",
		Short: "Resolve alerts, by id or all that a filter selects",
		Long: "Resolve alerts with what they were: those that are named by id, or all that the filter selects, after a question on the terminal or with\n" +
			"--yes. --dry-run tells how many the filter selects, names the first of them and changes nothing; to close more than 100 by a filter,\n" +
			"repeat that number with --expected-count. Alerts about whoever runs it are left open: nobody judges themselves. An alert that later\n" +
			"becomes more severe, or, unless it was no attack, goes on, is new again.",
		Example: "  sealwatch alerts close 5f0c... --as benign_positive --because confirmed_with_user\n" +
			"  sealwatch alerts close --detection infrequent_country --country FR --as benign_positive --dry-run\n" +
			"  sealwatch alerts close --detection infrequent_country --country FR --as benign_positive --expected-count 137",
	}
	address, f, filter := p.addressFlag(c), &workFlags{state: "resolved"}, &alertFlags{}
	filter.add(c)
	c.Flags().StringVar(&f.classification, "as", "", "what they were: true_positive, benign_positive or false_positive (required)")
	c.Flags().StringVar(&f.reason, "because", "", "why: a reason that goes with it, such as confirmed_with_user")
	f.remark(c)
	dry := c.Flags().Bool("dry-run", false, "say how many the filter selects and name the first, and change nothing")
	expected := c.Flags().Int32("expected-count", 0, "how many the filter selects; with another number nothing is changed")
	yes := c.Flags().Bool("yes", false, "do not ask")
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, ids []string) error {
		if f.classification == "" {
			return usagef("--as: not given; expected true_positive, benign_positive or false_positive")
		}
		if !slices.Contains(classificationNames(), strings.ToLower(f.classification)) {
			return usagef("--as: found %q, expected one of %s", f.classification, strings.Join(classificationNames(), ", "))
		}
		if reasons := reasonsFor(c, reasonNames()); f.reason != "" && !slices.Contains(reasons, strings.ToLower(f.reason)) {
			return usagef("--because: found %q, expected what goes with %s: %s", f.reason, strings.ToLower(f.classification), strings.Join(reasons, ", "))
		}
		if err := filter.exact("close"); err != nil {
			return err
		}
		selected, err := filter.filter(p.now())
		if err != nil {
			return err
		}
		given := filter.given(c)
		switch {
		case len(ids) > 0 && (given || *dry || c.Flags().Changed("expected-count")):
			return usagef("close takes either alerts by id or a filter, not both")
		case len(ids) > 0:
			return p.workOn(c.Context(), *address, ids, f, func(string) bool { return false }, "")
		case !given:
			return usagef("neither an alert nor a filter is given; expected ids, or flags such as --detection or --user")
		}
		if err := p.named(c.Context(), *address, selected); err != nil {
			return err
		}
		return p.workOnAll(c.Context(), *address, selected, f, bulk{word: "close", done: "closed", states: unresolved, dry: *dry, yes: *yes, expected: expectedCount(c, *expected)})
	}
	return c
}

func (p *process) alertsReopen() *cobra.Command {
	c := &cobra.Command{
		Use:   "reopen [ALERT...]",
		Short: "Make resolved alerts new again",
		Long: "Make resolved alerts new again: those that are named by id, or all resolved ones that the filter selects, after a question on the\n" +
			"terminal or with --yes. What they were judged to be is taken back, and stands in their history; --keep-verdict lets it stand.",
		Example: "  sealwatch alerts reopen 5f0c... --comment \"it was not her after all\"\n" +
			"  sealwatch alerts reopen --detection infrequent_country --classified benign_positive --dry-run",
	}
	address, f, filter := p.addressFlag(c), &workFlags{state: "new"}, &alertFlags{}
	filter.add(c)
	f.remark(c)
	keep := c.Flags().Bool("keep-verdict", false, "let stand what they were judged to be")
	dry := c.Flags().Bool("dry-run", false, "say how many the filter selects and name the first, and change nothing")
	expected := c.Flags().Int32("expected-count", 0, "how many the filter selects; with another number nothing is changed")
	yes := c.Flags().Bool("yes", false, "do not ask")
	p.authorFlag(c, &f.author)
	c.RunE = func(c *cobra.Command, ids []string) error {
		if err := filter.exact("reopen"); err != nil {
			return err
		}
		selected, err := filter.filter(p.now())
		if err != nil {
			return err
		}
		given := filter.given(c)
		changed := func(flag string) bool { return !*keep && (flag == "classification" || flag == "reason") }
		switch {
		case len(ids) > 0 && (given || *dry || c.Flags().Changed("expected-count")):
			return usagef("reopen takes either alerts by id or a filter, not both")
		case len(ids) > 0:
			return p.workOn(c.Context(), *address, ids, f, changed, "")
		case !given:
			return usagef("neither an alert nor a filter is given; expected ids, or flags such as --detection or --user")
		}
		if err := p.named(c.Context(), *address, selected); err != nil {
			return err
		}
		return p.workOnAll(c.Context(), *address, selected, f, bulk{word: "reopen", done: "reopened", states: []sealwatchv1.AlertState{sealwatchv1.AlertState_ALERT_STATE_RESOLVED}, dry: *dry, yes: *yes, expected: expectedCount(c, *expected), changed: changed})
	}
	return c
}
