package evaluate

import (
	"fmt"
	"slices"
	"strings"
)

// unions are, for each peer and detection with several rules, all of them together.
func (e *evaluation) unions(outcomes []*outcome) []*outcome {
	var all []*outcome
	byName := map[string][]*outcome{}
	var names []string
	for _, out := range outcomes {
		if r := out.rule; r.Peer != "" {
			name := strings.ToLower(r.Peer) + "_all_" + r.Detection
			if len(byName[name]) == 0 {
				names = append(names, name)
			}
			byName[name] = append(byName[name], out)
		}
	}
	for _, name := range names {
		parts := byName[name]
		if len(parts) < 2 {
			continue
		}
		u := &outcome{rule: &Rule{ID: name, Peer: parts[0].rule.Peer, Detection: parts[0].rule.Detection, union: true}}
		for _, p := range parts {
			u.alerts = append(u.alerts, p.alerts...)
			for _, k := range p.rule.Kinds {
				if !slices.Contains(u.rule.Kinds, k) {
					u.rule.Kinds = append(u.rule.Kinds, k)
				}
			}
		}
		all = append(all, u)
	}
	return all
}

// report puts everything together.
func (e *evaluation) report(outcomes []*outcome) *Result {
	s := &e.o.Scenario
	result := &Result{Scenario: s.Name, Description: strings.TrimSpace(s.Description), Users: e.users, Events: e.events, Attacks: len(e.labels), Weeks: round(e.weeks()),
		Missed: []string{}, Ignored: []string{}}
	for _, ours := range outcomes {
		if ours.rule.Peer != "" {
			continue
		}
		result.Rules = append(result.Rules, e.measure(ours))
		for _, other := range outcomes {
			if other.rule.Peer == "" || other.rule.Detection != ours.rule.Detection {
				continue
			}
			r := e.measure(other)
			if ours.failure == "" {
				r.Ours = e.compare(ours, other, &r)
			}
			result.Rules = append(result.Rules, r)
		}
	}
	e.variants(result, outcomes)
	result.BaselineWins = wins(result)
	return result
}

// wins says where a rule of others does better.
func wins(r *Result) []string {
	all := []string{}
	for i := range r.Rules {
		x := &r.Rules[i]
		switch {
		case x.Ours == nil || x.Found == 0 || x.Failure != "":
		case !x.Ours.Reached:
			all = append(all, fmt.Sprintf("`%s` finds %d of %d attacks, our `%s` %.0f.", x.Rule, x.Found, x.Attacks, x.Detection, x.Ours.Recall*float64(x.Attacks)))
		case x.Ours.FalseRate > x.FalseRate:
			all = append(all, fmt.Sprintf("`%s` raises %.1f false alerts per 1,000 users and week for its recall of %.3f, our `%s` %.1f for the same.", x.Rule, x.FalseRate, x.Recall, x.Detection, x.Ours.FalseRate))
		}
	}
	for _, v := range r.Variants {
		if v.Baselines > v.Any {
			all = append(all, fmt.Sprintf("Of %d attacks %s/%s the baselines together show %d, ours together %d.", v.Attacks, v.Kind, v.Variant, v.Baselines, v.Any))
		}
	}
	return all
}

// variants counts who found which way of attack. Attacks whose detection was not run, or could not be evaluated, are named
// and not counted: a 0 would say that it looked for them.
func (e *evaluation) variants(result *Result, outcomes []*outcome) {
	expected, anyOfOurs, others := map[int]bool{}, map[int]bool{}, map[int]bool{}
	ignored, ran := map[int][]string{}, map[string]bool{}
	for _, out := range outcomes {
		if out.rule.Peer == "" {
			ran[out.rule.ID] = out.failure == ""
			for i, why := range out.ignored {
				ignored[i] = append(ignored[i], why...)
			}
		}
		for _, a := range out.alerts {
			for _, i := range a.attacks {
				switch {
				case out.rule.Peer != "":
					others[i] = true
				case out.rule.ID == e.labels[i].ExpectedDetection:
					expected[i], anyOfOurs[i] = true, true
				default:
					anyOfOurs[i] = true
				}
			}
		}
	}
	index := map[string]int{}
	for i := range e.labels {
		l := &e.labels[i]
		if !ran[l.ExpectedDetection] {
			if !slices.Contains(result.NotRun, l.ExpectedDetection) {
				result.NotRun = append(result.NotRun, l.ExpectedDetection)
			}
			continue
		}
		result.Judged++
		key := l.Kind + "/" + l.Variant
		n, known := index[key]
		if !known {
			n = len(result.Variants)
			index[key] = n
			result.Variants = append(result.Variants, VariantResult{Kind: l.Kind, Variant: l.Variant, Difficulty: l.Difficulty, Detection: l.ExpectedDetection})
		}
		v := &result.Variants[n]
		v.Attacks++
		if expected[i] {
			v.Found++
		}
		if others[i] {
			v.Baselines++
		}
		if anyOfOurs[i] {
			v.Any++
		} else {
			result.Missed = append(result.Missed, l.ID+" "+key+" of user "+l.UserID)
			if why := ignored[i]; len(why) > 0 {
				slices.Sort(why)
				result.Ignored = append(result.Ignored, l.ID+" "+key+": "+strings.Join(slices.Compact(why), ", "))
			}
		}
	}
	slices.Sort(result.NotRun)
	slices.SortStableFunc(result.Variants, func(a, b VariantResult) int { return strings.Compare(a.Kind+a.Variant, b.Kind+b.Variant) })
}
