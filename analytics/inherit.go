package analytics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// judgement is what people had made of one of the alerts that are one now.
type judgement struct {
	id     string
	anchor time.Time
	alert.Triage
}

// inherit gives to an alert what people had made of those that it stands for now: itself, where it stood before, and those that were
// withdrawn into it. The least finished of them decides the state, and only those in that state the verdict: what one of them was
// judged to be says nothing of another at which nobody has looked. A comment tells of each whose state or verdict that is not. The result does not
// depend on the order of from.
func inherit(to *alert.Alert, from []judgement) {
	if len(from) == 0 || len(from) == 1 && from[0].id == to.ID {
		return
	}
	slices.SortFunc(from, func(a, b judgement) int {
		return cmp.Or(compareTrue(b.id == to.ID, a.id == to.ID), a.anchor.Compare(b.anchor), cmp.Compare(a.id, b.id))
	})
	// An alert that was withdrawn and stands again has what its heir has, and its own remarks.
	comments := slices.Clone(to.Triage.Comments)
	state := alert.StateResolved
	for i := range from {
		for _, c := range from[i].Comments {
			if !slices.ContainsFunc(comments, func(d alert.Comment) bool { return sameComment(c, d) }) {
				comments = append(comments, c)
			}
		}
		if s := cmp.Or(from[i].State, alert.StateNew); finished(s) < finished(state) {
			state = s
		}
	}
	slices.SortStableFunc(comments, func(a, b alert.Comment) int { return a.Time.Compare(b.Time) })
	t := alert.Triage{State: state, Comments: comments}
	judged := false
	for i := range from {
		f := &from[i]
		t.Assignee = cmp.Or(t.Assignee, f.Assignee)
		if cmp.Or(f.State, alert.StateNew) != state {
			continue
		}
		if !judged || gravity(f.Classification) > gravity(t.Classification) {
			t.Classification, t.Reason, judged = f.Classification, f.Reason, true
		}
		t.Resolution = together(t.Resolution, f.Resolution)
	}
	for i := range from {
		if f := &from[i]; finished(cmp.Or(f.State, alert.StateNew)) > finished(state) || f.Classification != "" && f.Classification != t.Classification {
			t.Comments = append(t.Comments, alert.Comment{Author: alert.ActorAnalysis, Text: notTakenOver(f, to.ID)})
		}
	}
	t.Comments = newest(t.Comments)
	to.Triage = t
}

// newest are the comments that one alert can have, with room for one by the analysis. Those that are left out stay with the alerts that
// they were written to.
func newest(all []alert.Comment) []alert.Comment {
	const room = 1
	first := max(0, len(all)-(alert.MaxComments-room))
	for n := alert.CommentBytes(all[first:]); n > alert.MaxCommentBytes; first++ {
		n -= alert.CommentBytes(all[first : first+1])
	}
	if first == 0 {
		return all
	}
	note := alert.Comment{Author: alert.ActorAnalysis, Text: fmt.Sprintf("Joined: %d older comments stay with the alerts to which they were written, because one alert can have no more.", first)}
	return append(slices.Clone(all[first:]), note)
}

func compareTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// finished orders the states that people set.
func finished(state string) int {
	return slices.Index([]string{alert.StateNew, alert.StateInProgress, alert.StateResolved}, state)
}

// gravity orders verdicts: where several alerts are one, the gravest holds, and none is graver than harmless.
func gravity(classification string) int {
	return slices.Index([]string{alert.FalsePositive, alert.BenignPositive, "", alert.TruePositive}, classification)
}

// together is what was resolved of two alerts that are one now.
func together(a, b *alert.Resolution) *alert.Resolution {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	last, first := *a, *b
	if b.At.After(a.At) {
		last, first = first, last
	}
	if alert.SeverityRank(first.Severity) > alert.SeverityRank(last.Severity) {
		last.Severity = first.Severity
	}
	if first.End.After(last.End) {
		last.End = first.End
	}
	last.EventCount += first.EventCount
	return &last
}

func notTakenOver(f *judgement, id string) string {
	who, by, as := "Alert "+f.id, "", ""
	if f.id == id {
		who = "This alert"
	}
	if f.Resolution != nil {
		by = " by " + f.Resolution.By
	}
	if f.Classification != "" {
		as = " as " + strings.Trim(f.Classification+", "+f.Reason, ", ")
	}
	return fmt.Sprintf("Joined: %s was %s%s%s, and is only a part of what is one alert now. The part that is less finished decides the state and the verdict.", who, cmp.Or(f.State, alert.StateNew), by, as)
}
