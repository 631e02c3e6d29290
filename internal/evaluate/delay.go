package evaluate

import (
	"context"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/simulate"
)

// delays measures, for some of the attacks that a rule finds, how much event time passes from the attacker's first event
// until the rule raises the alert: the rule is evaluated as of the time of the attack's events, as if there were no later
// ones.
func (e *evaluation) delays(ctx context.Context, out *outcome) ([]time.Duration, error) {
	var found []int
	subject := map[int]string{}
	for _, a := range out.alerts {
		for _, i := range a.attacks {
			if _, known := subject[i]; !known && out.rule.meant(&e.labels[i]) {
				subject[i] = a.Subject.ID
				found = append(found, i)
			}
		}
	}
	slices.Sort(found)
	var all []time.Duration
	for _, i := range sample(found, e.o.DelaySamples) {
		d, ok, err := e.delay(ctx, out.rule, i, subject[i])
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, d)
		}
	}
	slices.Sort(all)
	return all, nil
}

// sample takes n of a list, evenly.
func sample(list []int, n int) []int {
	if len(list) <= n {
		return list
	}
	all := make([]int, n)
	for i := range all {
		all[i] = list[i*len(list)/n]
	}
	return all
}

// delay looks for the first event after which the rule shows the attack: in steps that double, then halving.
func (e *evaluation) delay(ctx context.Context, r *Rule, attack int, subject string) (time.Duration, bool, error) {
	l := &e.labels[attack]
	moments := e.moments(l)
	shows := func(k int) (bool, error) {
		from, to := moments[0].Add(-slice), moments[len(moments)-1]
		if r.Peer != "" {
			from = e.playedFrom
		}
		c := e.call(r, from, to, []string{subject})
		c.Known = moments[k]
		findings, err := e.o.Finder.Findings(ctx, c)
		if err != nil {
			return false, err
		}
		for _, f := range findings {
			if len(f.SuppressedBy) == 0 && slices.Contains(e.shown(&f), attack) {
				return true, nil
			}
		}
		return false, nil
	}
	low, high, step := 0, 0, 1
	for {
		yes, err := shows(high)
		if err != nil {
			return 0, false, err
		}
		if yes {
			break
		}
		if high == len(moments)-1 {
			return 0, false, nil // other events than the attack's completed it
		}
		low, high, step = high+1, min(high+step, len(moments)-1), step*2
	}
	for low < high {
		middle := (low + high) / 2
		yes, err := shows(middle)
		if err != nil {
			return 0, false, err
		}
		if yes {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return moments[high].Sub(moments[0]), true, nil
}

// moments are the times of the attack's events from the attacker's first one on.
func (e *evaluation) moments(l *simulate.Label) []time.Time {
	first := e.times[l.AttackerEventIDs[0]]
	var all []time.Time
	for _, id := range l.EventIDs {
		if t := e.times[id]; !t.Before(first) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}
