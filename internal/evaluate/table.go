package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteTable writes a result as Markdown, for terminals and documents.
func WriteTable(w io.Writer, r *Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### Scenario %s\n%s\n\n%d users, %d events, %d attacks in %.1f weeks.\n\n", r.Scenario, r.Description, r.Users, r.Events, r.Attacks, r.Weeks)
	b.WriteString("| rule | attacks | recall | precision | false alerts /1,000 users/week | alerts | suppressed | delay median | delay 90 % |")
	var budgets []BudgetResult
	if len(r.Rules) > 0 {
		budgets = r.Rules[0].Budgets
	}
	for _, x := range budgets {
		fmt.Fprintf(&b, " recall at ≤ %g |", x.Budget)
	}
	b.WriteString(" ours: recall, false alerts at theirs |\n|---" + strings.Repeat("|---", 9+len(budgets)) + "|\n")
	for i := range r.Rules {
		x := &r.Rules[i]
		if x.Attacks == 0 && x.FalseAlerts == 0 && x.Failure == "" {
			continue // nothing to say
		}
		name := "`" + x.Rule + "`"
		if x.Peer == "" {
			name = "**" + name + "**"
		}
		recall := func(f float64) string {
			if x.Attacks == 0 {
				return "–"
			}
			return fmt.Sprintf("%.3f", f)
		}
		if x.Failure != "" {
			fmt.Fprintf(&b, "| %s | %d | could not be evaluated |%s\n", name, x.Attacks, strings.Repeat(" |", 7+len(budgets)))
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %.3f | %.1f | %d | %d | %s | %s |", name, x.Attacks, recall(x.Recall), x.Precision, x.FalseRate, x.Alerts, x.Suppressed, seconds(x.DelayMedian), seconds(x.DelayTail))
		for _, y := range x.Budgets {
			fmt.Fprintf(&b, " %s |", recall(y.Recall))
		}
		ours := ""
		if x.Attacks > 0 {
			ours = against(x.Ours)
		}
		b.WriteString(" " + ours + " |\n")
	}
	b.WriteString("\n| rule | false alerts with events of ... |\n|---|---|\n")
	for i := range r.Rules {
		if x := &r.Rules[i]; x.FalseAlerts > 0 {
			fmt.Fprintf(&b, "| `%s` | %s |\n", x.Rule, causes(x.Causes))
		}
	}
	b.WriteString("\n| attack | way | difficulty | expected | attacks | found by it | by any of ours | by baselines |\n|---|---|---|---|---|---|---|---|\n")
	for _, v := range r.Variants {
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` | %d | %d | %d | %d |\n", v.Kind, v.Variant, v.Difficulty, v.Detection, v.Attacks, v.Found, v.Any, v.Baselines)
	}
	if len(r.NotRun) > 0 {
		fmt.Fprintf(&b, "\nNot run, so that their attacks are left out here: %s.\n", strings.Join(r.NotRun, ", "))
	}
	for i := range r.Rules {
		if x := &r.Rules[i]; x.Failure != "" {
			fmt.Fprintf(&b, "\n`%s` could not be evaluated: %s\n", x.Rule, x.Failure)
		}
	}
	b.WriteString("\nWhere a baseline wins:\n")
	for _, w := range r.BaselineWins {
		b.WriteString("- " + w + "\n")
	}
	if len(r.BaselineWins) == 0 {
		b.WriteString("- nowhere\n")
	}
	if n := len(r.Missed); n > 0 {
		fmt.Fprintf(&b, "\n%d of %d attacks are shown by no detection of ours; %d of them are suppressed findings.\n", n, r.Judged, len(r.Ignored))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// against is the comparison in few words.
func against(c *Comparison) string {
	switch {
	case c == nil:
		return ""
	case !c.Reached:
		return fmt.Sprintf("%.3f, **less than theirs**; %.1f", c.Recall, c.FalseRate)
	}
	return fmt.Sprintf("%.3f, %.1f", c.Recall, c.FalseRate)
}

// causes lists the noises, the most frequent first.
func causes(count map[string]int) string {
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, count[n])
	}
	return strings.Join(names, ", ")
}

// seconds is a duration for people.
func seconds(s float64) string {
	if s < 0 {
		return "–"
	}
	return time.Duration(s * float64(time.Second)).String()
}
