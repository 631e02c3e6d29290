package main

import (
	"fmt"
	"strings"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

const (
	widthLabel  = 40
	widthNumber = 10
	// rowsOfSubjects are shown; JSON has more.
	rowsOfSubjects = 10
)

// countTable writes rows of numbers; with those in force beside them when there is something to compare.
type countTable struct {
	strings.Builder
	compare bool
}

// head begins a section.
func (t *countTable) head(label string, columns ...string) {
	fmt.Fprintf(t, "\n  %s", terminal.Cell(label, widthLabel))
	for _, c := range columns {
		fmt.Fprintf(t, "%*s", widthNumber, c)
		if t.compare {
			fmt.Fprintf(t, "%*s", widthNumber, "now")
		}
	}
	t.WriteString("\n")
}

// row is one line of a section.
func (t *countTable) row(label string, counts ...*sealwatchv1.BacktestCount) {
	fmt.Fprintf(t, "  %s", terminal.Cell(label, widthLabel))
	for _, c := range counts {
		fmt.Fprintf(t, "%*d", widthNumber, c.GetProposed())
		if t.compare {
			fmt.Fprintf(t, "%*d", widthNumber, c.GetPresent())
		}
	}
	t.WriteString("\n")
}

// backtestTable is a result for people.
func backtestTable(r *sealwatchv1.BacktestResult) string {
	t := &countTable{compare: len(r.GetSettings()) > 0}
	fmt.Fprintf(t, "%s", terminal.Text(r.GetDetection()))
	if r.GetStartTime() != nil && r.GetEndTime() != nil {
		fmt.Fprintf(t, "  %s to %s", stamp(r.GetStartTime().AsTime()), stamp(r.GetEndTime().AsTime()))
	}
	t.WriteString("\n")
	for _, s := range r.GetSettings() {
		fmt.Fprintf(t, "  %s = %s, now %s\n", terminal.Text(s.GetParameter()), terminal.Text(s.GetValue()), terminal.Text(s.GetPresentValue()))
	}
	for _, n := range r.GetNotes() {
		fmt.Fprintf(t, "  %s\n", terminal.Text(n))
	}
	t.head("IN ALL", "COUNT")
	t.row("alerts", r.GetAlerts())
	for _, s := range r.GetSeverities() {
		t.row("  of severity "+severityName(s.GetSeverity()), s.GetAlerts())
	}
	t.row("subjects with alerts", r.GetSubjects())
	t.row("suppressed findings", r.GetSuppressed())
	for _, s := range r.GetSuppressions() {
		t.row("  by "+s.GetReason(), s.GetFindings())
	}
	if len(r.GetDays()) > 0 {
		t.head("DAY", "ALERTS", "SUPPR.")
	}
	for _, d := range r.GetDays() {
		t.row(d.GetDate(), d.GetAlerts(), d.GetSuppressed())
	}
	if len(r.GetTopSubjects()) > 0 {
		t.head("SUBJECT", "ALERTS", "SUPPR.")
	}
	for i, s := range r.GetTopSubjects() {
		if i == rowsOfSubjects {
			fmt.Fprintf(t, "  and others; -o json has up to a hundred\n")
			break
		}
		t.row(principalName(s.GetSubject()), s.GetAlerts(), s.GetSuppressed())
	}
	t.examples("ADDED", r.GetAdded(), r.GetAddedExamples())
	t.examples("REMOVED", r.GetRemoved(), r.GetRemovedExamples())
	return t.String()
}

// examples lists alerts that the settings add or remove.
func (t *countTable) examples(word string, n int32, all []*sealwatchv1.BacktestExample) {
	if n == 0 {
		return
	}
	fmt.Fprintf(t, "\n  %s %d\n", word, n)
	for _, e := range all {
		fmt.Fprintf(t, "  %s  %s  %s\n", stamp(e.GetStartTime().AsTime()), terminal.Cell(severityName(e.GetSeverity()), widthSeverity), terminal.Text(e.GetTitle()))
	}
	t.WriteString(moreExamples(int(n), len(all), ""))
}
