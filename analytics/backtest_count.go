package analytics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

const (
	// mostSubjects are listed in a result; the others are counted.
	mostSubjects = 100
	// usualExamples of each kind are named when nobody says how many.
	usualExamples = 10
)

// counter counts the findings of one detection of a backtest.
type counter struct {
	trial                        *trial
	alerts, suppressed, subjects alert.Compared
	added, removed               []alert.Finding
	// examples is how many of each are named.
	examples                 int
	addedCount, removedCount int

	severities map[string]*alert.Compared
	days       map[string]*alert.DayCount
	bySubject  map[[2]string]*alert.SubjectCount
	reasons    map[string]*alert.Compared
}

func newCounter(t *trial, examples int) *counter {
	return &counter{trial: t, examples: examples, severities: map[string]*alert.Compared{}, days: map[string]*alert.DayCount{},
		bySubject: map[[2]string]*alert.SubjectCount{}, reasons: map[string]*alert.Compared{}}
}

// side picks one of the two numbers.
type side func(*alert.Compared) *int

func proposedSide(c *alert.Compared) *int { return &c.Proposed }
func presentSide(c *alert.Compared) *int  { return &c.Present }

// add counts the findings of one period.
func (n *counter) add(proposed, present []alert.Finding) {
	n.count(proposed, proposedSide)
	n.count(present, presentSide)
	if !n.trial.differs && !n.trial.absent {
		return
	}
	n.addedCount += without(&n.added, n.examples, proposed, present)
	n.removedCount += without(&n.removed, n.examples, present, proposed)
}

// without counts the alerts of some that are none of others, and keeps the first, most at most, as examples.
func without(examples *[]alert.Finding, most int, some, others []alert.Finding) (count int) {
	there := make(map[string]bool, len(others))
	for i := range others {
		if len(others[i].SuppressedBy) == 0 {
			there[others[i].AlertID()] = true
		}
	}
	for i := range some {
		if len(some[i].SuppressedBy) > 0 || there[some[i].AlertID()] {
			continue
		}
		count++
		if len(*examples) < most {
			*examples = append(*examples, some[i])
		}
	}
	return count
}

func (n *counter) count(findings []alert.Finding, of side) {
	for i := range findings {
		f := &findings[i]
		day := entry(n.days, f.Anchor.UTC().Format(time.DateOnly))
		subject := entry(n.bySubject, [2]string{f.Subject.Type, f.Subject.ID})
		subject.Subject = f.Subject
		if len(f.SuppressedBy) == 0 {
			*of(&n.alerts)++
			*of(&day.Alerts)++
			*of(entry(n.severities, f.Severity))++
			if *of(&subject.Alerts)++; *of(&subject.Alerts) == 1 {
				*of(&n.subjects)++
			}
			continue
		}
		*of(&n.suppressed)++
		*of(&day.Suppressed)++
		*of(&subject.Suppressed)++
		for _, reason := range f.SuppressedBy {
			*of(entry(n.reasons, reason))++
		}
	}
}

func entry[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}

// farBeyond is how many times its alerts the findings over the limit of a day have to be to be told of.
const farBeyond = 10

// result in a fixed order.
func (n *counter) result(from, to time.Time) alert.BacktestResult {
	d := &n.trial.present
	r := alert.BacktestResult{Detection: d.ID, From: from, To: to, Settings: n.trial.changed, Notes: n.trial.notes, Alerts: n.alerts, Suppressed: n.suppressed, Subjects: n.subjects,
		Added: n.addedCount, Removed: n.removedCount, AddedExamples: n.added, RemovedExamples: n.removed}
	if c := n.reasons[DailyLimit]; c != nil && c.Proposed > farBeyond*n.alerts.Proposed {
		r.Notes = append(slices.Clip(r.Notes), fmt.Sprintf("It is far over the limit of its days: %d findings beside the %d that were alerts. Each of them is stored, so that it can be read what was no alert; what it selects should be narrower, or the count higher.", c.Proposed, n.alerts.Proposed))
	}
	for _, s := range alert.SeveritiesFrom("") {
		if c := n.severities[s]; c != nil {
			r.Severities = append(r.Severities, alert.SeverityCount{Severity: s, Alerts: *c})
		}
	}
	for _, date := range slices.Sorted(maps.Keys(n.days)) {
		c := n.days[date]
		c.Date = date
		r.Days = append(r.Days, *c)
	}
	for _, c := range n.bySubject {
		r.TopSubjects = append(r.TopSubjects, *c)
	}
	slices.SortFunc(r.TopSubjects, func(a, b alert.SubjectCount) int {
		return cmp.Or(b.Alerts.Proposed-a.Alerts.Proposed, b.Alerts.Present-a.Alerts.Present, b.Suppressed.Proposed-a.Suppressed.Proposed,
			cmp.Compare(a.Subject.Type, b.Subject.Type), cmp.Compare(a.Subject.ID, b.Subject.ID))
	})
	r.TopSubjects = slices.Clone(r.TopSubjects[:min(mostSubjects, len(r.TopSubjects))])
	for _, reason := range slices.Sorted(maps.Keys(n.reasons)) {
		r.Suppressions = append(r.Suppressions, alert.SuppressionCount{Reason: reason, Description: describeReason(d, reason), Findings: *n.reasons[reason]})
	}
	return r
}

// describeReason says what a reason means: one of the detection's own, or one that every detection has.
func describeReason(d *Detection, reason string) string {
	switch {
	case reason == alert.OutOfScope:
		return "The scope of the detection leaves the person out."
	case strings.HasPrefix(reason, alert.ExceptionReason):
		return "An exception that a person made; sealwatch exceptions list has it."
	}
	return d.Suppressions[reason]
}
