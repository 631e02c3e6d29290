package analytics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// period is a stretch of event time, both ends included.
type period struct{ from, to time.Time }

func (p period) contains(t time.Time) bool { return !t.Before(p.from) && !t.After(p.to) }

func (p period) touches(from, to time.Time) bool { return !to.Before(p.from) && !from.After(p.to) }

func subjectOf(s alert.Subject) clickhouse.Subject { return clickhouse.Subject{Type: s.Type, ID: s.ID} }

// union is the smallest period that holds both.
func (p period) union(from, to time.Time) period {
	if from.Before(p.from) {
		p.from = from
	}
	if to.After(p.to) {
		p.to = to
	}
	return p
}

// reconcile works out the changes that make the standing alerts of one detection equal to the findings, for the
// subjects in periods and for anchors within each subject's period; nothing else is touched.
//
// What people set is kept: by an update, and where a finding takes the place of retracted ones, see inherit. A resolved alert that became
// more than what was judged is opened again, see alert.Reopen. Alerts that begin before keep stay as they are, and what overlaps
// them is not raised: their events may have expired.
func reconcile(standing []alert.Alert, findings []alert.Finding, periods map[clickhouse.Subject]period, keep time.Time) []alert.Change {
	old := make(map[string]*alert.Alert, len(standing))
	for i := range standing {
		old[standing[i].ID] = &standing[i]
	}
	frozen := make(map[clickhouse.Subject][]period)
	for i := range standing {
		if o := &standing[i]; !o.Retracted && (o.Anchor.Before(keep) || o.Start.Before(keep)) {
			frozen[subjectOf(o.Subject)] = append(frozen[subjectOf(o.Subject)], period{o.Start, o.End})
		}
	}
	next, judged := make(map[string]*alert.Change), make(map[string][]judgement)
	var order []string
	bySubject := make(map[clickhouse.Subject][]*alert.Change)
	for _, f := range findings {
		p, ok := periods[subjectOf(f.Subject)]
		if !ok || !p.contains(f.Anchor) || slices.ContainsFunc(frozen[subjectOf(f.Subject)], func(p period) bool { return p.touches(f.Start, f.End) }) {
			continue
		}
		c := &alert.Change{Alert: alert.Alert{ID: f.AlertID(), Finding: f, Actor: "analysis", Triage: alert.Triage{State: alert.StateNew}}}
		if o := old[c.ID]; o != nil {
			c.Follow(o)
			c.Created, c.Triage = o.Created, o.Triage
			if !o.Retracted {
				judged[c.ID] = []judgement{{o.ID, o.Anchor, o.Triage}}
			}
			if raised(c) {
				c.Context = o.Context
			}
		}
		next[c.ID] = c
		order = append(order, c.ID)
		bySubject[subjectOf(f.Subject)] = append(bySubject[subjectOf(f.Subject)], c)
	}
	var retracted []*alert.Change
	for i := range standing {
		o := &standing[i]
		p, ok := periods[subjectOf(o.Subject)]
		if o.Retracted || next[o.ID] != nil || !ok || !p.contains(o.Anchor) || o.Anchor.Before(keep) || o.Start.Before(keep) {
			continue
		}
		c := &alert.Change{Kind: alert.ChangeRetracted, Alert: *o}
		c.Follow(o)
		c.Retracted, c.Actor = true, "analysis"
		if heir := successor(o, bySubject[subjectOf(o.Subject)]); heir != nil {
			c.SupersededBy = heir.ID
			judged[heir.ID] = append(judged[heir.ID], judgement{o.ID, o.Anchor, o.Triage})
		}
		retracted = append(retracted, c)
	}
	var changes []alert.Change
	for _, id := range order {
		c := next[id]
		o := old[id]
		inherit(&c.Alert, judged[id])
		c.Reopen()
		if o != nil && !o.Retracted && sameFinding(&o.Finding, &c.Finding) && sameTriage(o.Triage, c.Triage) {
			continue
		}
		c.Kind = alert.ChangeUpdated
		if o == nil {
			c.Kind = alert.ChangeCreated
		}
		changes = append(changes, *c)
	}
	for _, c := range retracted {
		changes = append(changes, *c)
	}
	return changes
}

// successor is the finding that took the place of a retracted one: it shares the most events with it, or else overlaps
// it in time; the one with the earliest anchor among equals.
func successor(o *alert.Alert, candidates []*alert.Change) *alert.Change {
	shared := func(c *alert.Change) int {
		n := 0
		for _, id := range c.EventIDs {
			if slices.Contains(o.EventIDs, id) {
				n++
			}
		}
		return n
	}
	var best *alert.Change
	for _, c := range candidates {
		span := period{o.Start, o.End}
		if shared(c) == 0 && !span.touches(c.Start, c.End) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(shared(c), shared(best)), best.Anchor.Compare(c.Anchor)) > 0 {
			best = c
		}
	}
	return best
}

func sameComment(a, b alert.Comment) bool {
	return a.Author == b.Author && a.Text == b.Text && a.Time.Equal(b.Time)
}

func sameTriage(a, b alert.Triage) bool {
	return a.State == b.State && a.Classification == b.Classification && a.Reason == b.Reason && a.Assignee == b.Assignee && (a.Resolution == b.Resolution || a.Resolution != nil && b.Resolution != nil && *a.Resolution == *b.Resolution) && slices.EqualFunc(a.Comments, b.Comments, sameComment)
}

func sameFinding(a, b *alert.Finding) bool {
	return a.Subject == b.Subject && a.Anchor.Equal(b.Anchor) && a.Start.Equal(b.Start) && a.End.Equal(b.End) &&
		slices.Equal(a.EventIDs, b.EventIDs) && a.EventCount == b.EventCount && (a.Score == b.Score || math.IsNaN(a.Score) && math.IsNaN(b.Score)) && a.Severity == b.Severity &&
		a.Title == b.Title && a.Evidence == b.Evidence && slices.Equal(a.SuppressedBy, b.SuppressedBy)
}
