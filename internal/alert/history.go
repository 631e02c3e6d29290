package alert

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Version is one entry of an alert's history: what changed, by whom and when.
type Version struct {
	Change
	// Fields say what is another than in the version before, named as in the API. They are empty for the first version.
	Fields []FieldDifference
}

// History is what changed from version to version. changes are versions of one alert, the newest first; the last of them is only what the
// one before is compared with, unless it is the first of the alert.
func History(changes []Change) []Version {
	var all []Version
	for i := range changes {
		v := Version{Change: changes[i]}
		if i+1 < len(changes) {
			v.Fields = differences(&changes[i+1].Alert, &changes[i].Alert)
		}
		all = append(all, v)
	}
	return all
}

// mostOfValue is how much of a value a difference shows, in characters.
const mostOfValue = 200

func differences(before, after *Alert) []FieldDifference {
	var all []FieldDifference
	add := func(field, b, a string) {
		if b != a {
			all = append(all, FieldDifference{Field: field, Before: cut(b), After: cut(a)})
		}
	}
	b, a := &before.Triage, &after.Triage
	add("state", before.State(), after.State())
	add("classification", b.Classification, a.Classification)
	add("reason", b.Reason, a.Reason)
	add("assignee", b.Assignee, a.Assignee)
	for _, c := range a.Comments {
		if !slices.ContainsFunc(b.Comments, func(o Comment) bool { return o.Author == c.Author && o.Text == c.Text && o.Time.Equal(c.Time) }) {
			add("comments", "", c.Author+": "+c.Text)
		}
	}
	add("severity", before.Severity, after.Severity)
	add("title", before.Title, after.Title)
	add("suppressedBy", strings.Join(before.SuppressedBy, ", "), strings.Join(after.SuppressedBy, ", "))
	add("eventCount", fmt.Sprint(before.EventCount), fmt.Sprint(after.EventCount))
	add("startTime", before.Start.UTC().Format(time.RFC3339Nano), after.Start.UTC().Format(time.RFC3339Nano))
	add("endTime", before.End.UTC().Format(time.RFC3339Nano), after.End.UTC().Format(time.RFC3339Nano))
	if before.Score != after.Score && !(math.IsNaN(before.Score) && math.IsNaN(after.Score)) {
		add("score", fmt.Sprint(before.Score), fmt.Sprint(after.Score))
	}
	if before.Evidence != after.Evidence {
		all = append(all, FieldDifference{Field: "evidence"})
	}
	all = append(all, contextDifferences(before.Context, after.Context)...)
	add("supersededBy", before.SupersededBy, after.SupersededBy)
	return all
}

// Fields say what a change made another, as far as it tells what was before: what people do, the severity, and why the alert is
// suppressed. They are empty when the change created the alert.
func (c *Change) Fields() []FieldDifference {
	p := c.Previous
	if c.PreviousState == "" || p == nil {
		return nil
	}
	var all []FieldDifference
	add := func(field, before, after string) {
		if before != after {
			all = append(all, FieldDifference{Field: field, Before: cut(before), After: cut(after)})
		}
	}
	t := &c.Triage
	add("state", c.PreviousState, c.State())
	add("classification", p.Classification, t.Classification)
	add("reason", p.Reason, t.Reason)
	add("assignee", p.Assignee, t.Assignee)
	// Comments only grow, and one of this version has its time, which may be stored less exactly.
	for _, said := range t.Comments {
		if said.Time.Sub(c.Updated).Abs() < time.Millisecond {
			add("comments", "", said.Author+": "+said.Text)
		}
	}
	add("severity", c.PreviousSeverity, c.Severity)
	add("suppressedBy", strings.Join(p.SuppressedBy, ", "), strings.Join(c.SuppressedBy, ", "))
	return all
}

func cut(text string) string {
	if r := []rune(text); len(r) > mostOfValue {
		return string(r[:mostOfValue-1]) + "…"
	}
	return text
}
