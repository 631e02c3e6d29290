package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

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
	// yes is that nobody is to be asked.
	yes bool
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
	request := &sealwatchv1.BulkUpdateAlertsRequest{Filter: filter, Alert: a, UpdateMask: mask, Author: f.author, Comment: f.comment, ExpectedCount: b.expected}
	if b.dry || b.expected == nil {
		request.ValidateOnly = true
		would, err := client.BulkUpdateAlerts(ctx, request)
		if err != nil {
			return err
		}
		if sure, err := p.sureOf(ctx, client, filter, would.GetMatchedCount(), b); !sure || err != nil {
			return err
		}
		// What was looked at is what is changed, and nothing that came since.
		request.ValidateOnly, request.ExpectedCount = false, &would.MatchedCount
	}
	done, err := client.BulkUpdateAlerts(ctx, request)
	if err != nil {
		return err
	}
	n := int(done.GetMatchedCount())
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

// mostAskedAbout is how many alerts can be changed by a yes; for more the number is to be repeated.
const mostAskedAbout = 100

// sureOf says whether the work is wanted: it shows what a dry run shows, or asks. Nothing is to be done when the filter selects nothing.
func (p *process) sureOf(ctx context.Context, client sealwatchv1.AlertServiceClient, filter *sealwatchv1.AlertFilter, matched int32, b bulk) (bool, error) {
	n := int(matched)
	switch {
	case n == 0:
		p.print("the filter selects no alert; there is nothing to %s", b.word)
		return false, nil
	case b.dry:
		if err := p.sayWhich(ctx, client, filter, n); err != nil {
			return false, err
		}
		flag := "--yes"
		if n > mostAskedAbout {
			flag = fmt.Sprintf("--expected-count %d", n)
		}
		p.print("the filter selects %s; to %s %s, run it without --dry-run and with %s", plural(n, "alert"), b.word, them(n), flag)
		return false, nil
	case n > mostAskedAbout:
		return false, usagef("the filter selects %d alerts, more than %d; to %s them, repeat their number: --expected-count %d", n, mostAskedAbout, b.word, n)
	case b.yes:
		return true, nil
	case !p.inTerminal:
		return false, usagef("the filter selects %s, and standard input is no terminal to ask on; look at %s with --dry-run, and then say --yes", plural(n, "alert"), them(n))
	}
	if err := p.sayWhich(ctx, client, filter, n); err != nil {
		return false, err
	}
	sure, err := p.yes(ctx, "look at what it changes with --dry-run, and then say --yes", fmt.Sprintf("%s %s?", strings.ToUpper(b.word[:1])+b.word[1:], plural(n, "alert")))
	if err == nil && !sure {
		p.say("nothing was changed")
		err = errSaid
	}
	return sure, err
}

// them stands for a number of things.
func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// sayWhich names the first of the alerts that would be worked on.
func (p *process) sayWhich(ctx context.Context, client sealwatchv1.AlertServiceClient, filter *sealwatchv1.AlertFilter, n int) error {
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
	counts, err := severityCounts(ctx, client, filter)
	if err != nil {
		return err
	}
	p.print("by severity: %s", counts)
	return nil
}

// severityCounts are how many alerts of each severity a filter selects, the most severe first.
func severityCounts(ctx context.Context, client sealwatchv1.AlertServiceClient, filter *sealwatchv1.AlertFilter) (string, error) {
	var counts []string
	for _, name := range slices.Backward(severityNames()) {
		one := sealwatchv1.Severity(sealwatchv1.Severity_value["SEVERITY_"+strings.ToUpper(name)])
		if len(filter.GetSeverities()) > 0 && !slices.Contains(filter.GetSeverities(), one) {
			continue
		}
		narrow := proto.CloneOf(filter)
		narrow.Severities = []sealwatchv1.Severity{one}
		page, err := client.ListAlerts(ctx, &sealwatchv1.ListAlertsRequest{Filter: narrow, PageSize: 1})
		if err != nil {
			return "", err
		}
		if n := page.GetTotalSize(); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, name))
		}
	}
	return strings.Join(counts, ", "), nil
}
