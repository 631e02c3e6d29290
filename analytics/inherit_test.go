package analytics

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestInheritIsBound: what comes together is no more than one alert can have, and says what was left.
func TestInheritIsBound(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	talk := func(id string, n, length int) judgement {
		j := judgement{id, at, alert.Triage{State: alert.StateNew}}
		for i := range n {
			j.Comments = append(j.Comments, alert.Comment{Author: id, Text: strings.Repeat("x", length), Time: at.Add(time.Duration(i) * time.Second)})
		}
		return j
	}
	for _, c := range []struct{ n, length int }{{400, 10}, {60, 4000}} {
		heir := alert.Alert{ID: "heir"}
		inherit(&heir, []judgement{talk("a", c.n, c.length), talk("b", c.n, c.length)})
		all := heir.Triage.Comments
		last := all[len(all)-1]
		want := fmt.Sprintf("Joined: %d older comments stay", 2*c.n-len(all)+1)
		if len(all) > alert.MaxComments || alert.CommentBytes(all[:len(all)-1]) > alert.MaxCommentBytes || len(all) < c.n || !strings.HasPrefix(last.Text, want) {
			t.Errorf("%d of %d bytes each: %d comments, %q", c.n, c.length, len(all), last.Text)
		}
	}
}

// TestInheritInAnyOrder: what several alerts leave to one does not depend on their order.
func TestInheritInAnyOrder(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	resolved := func(classification, by, severity string, minutes int) alert.Triage {
		return alert.Triage{State: alert.StateResolved, Classification: classification, Reason: alert.ReasonOther, Assignee: by, Comments: []alert.Comment{{Author: by, Text: "seen", Time: at}},
			Resolution: &alert.Resolution{By: by, At: at.Add(time.Duration(minutes) * time.Minute), Severity: severity, End: at.Add(-time.Duration(minutes) * time.Minute), EventCount: 3}}
	}
	benign, attack, closed := resolved(alert.BenignPositive, "ann", alert.SeverityHigh, 1), resolved(alert.TruePositive, "bob", alert.SeverityLow, 2), resolved("", "cid", alert.SeverityLow, 3)
	for _, c := range []struct {
		name                        string
		from                        []alert.Triage
		stood                       bool
		state, classification, whom string
		comments                    int
	}{
		{"the anchor of one moved", []alert.Triage{benign}, false, alert.StateResolved, alert.BenignPositive, "ann", 1},
		{"one of them is new", []alert.Triage{benign, {State: alert.StateNew}, attack}, false, alert.StateNew, "", "ann", 4},
		{"it stood itself, and nobody had looked", []alert.Triage{{State: alert.StateNew}, benign}, true, alert.StateNew, "", "ann", 2},
		{"all are resolved", []alert.Triage{benign, attack, closed}, false, alert.StateResolved, alert.TruePositive, "ann", 4},
		{"a verdict is less than none", []alert.Triage{benign, closed}, false, alert.StateResolved, "", "ann", 3},
	} {
		orders := [][]int{{0}}
		switch len(c.from) {
		case 2:
			orders = [][]int{{0, 1}, {1, 0}}
		case 3:
			orders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
		}
		var first alert.Alert
		for n, order := range orders {
			heir := alert.Alert{ID: "heir", Triage: alert.Triage{State: alert.StateNew}}
			var from []judgement
			for _, i := range order {
				j := judgement{string(rune('a' + i)), at.Add(time.Duration(i) * time.Minute), c.from[i]}
				if c.stood && i == 0 {
					j.id, heir.Triage = heir.ID, c.from[i]
				}
				from = append(from, j)
			}
			inherit(&heir, from)
			if g := heir.Triage; g.State != c.state || g.Classification != c.classification || g.Assignee != c.whom || len(g.Comments) != c.comments || (g.Resolution != nil) != (c.state == alert.StateResolved) {
				t.Errorf("%s, in order %v: %+v", c.name, order, g)
			}
			if n == 0 {
				first = heir
			} else if !reflect.DeepEqual(first, heir) {
				t.Errorf("%s: in order %v %+v, before %+v", c.name, order, heir.Triage, first.Triage)
			}
		}
		if r := first.Triage.Resolution; len(c.from) == 3 && r != nil && (r.By != "cid" || r.Severity != alert.SeverityHigh || !r.End.Equal(at.Add(-time.Minute)) || r.EventCount != 9) {
			t.Errorf("%s: resolved together %+v", c.name, r)
		}
	}
}
