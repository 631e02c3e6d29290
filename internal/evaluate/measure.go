package evaluate

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Result is what a scenario showed.
type Result struct {
	Scenario    string  `json:"scenario"`
	Description string  `json:"description"`
	Users       int     `json:"users"`
	Events      int     `json:"events"`
	Attacks     int     `json:"attacks"`
	Weeks       float64 `json:"weeks"`
	// Rules are ours first, then each followed by the baselines that it is compared with.
	Rules []RuleResult `json:"rules"`
	// Variants are the ways of attack.
	Variants []VariantResult `json:"variants"`
	// NotRun are the detections of attacks in the stream that were not asked for, or could not be evaluated. Their attacks are
	// in neither Variants nor Missed; Judged are the others.
	NotRun []string `json:"notRun,omitempty"`
	Judged int      `json:"judgedAttacks"`
	// Missed are the attacks that no detection of ours shows, by id.
	Missed []string `json:"missed"`
	// Ignored are those among them that some detection found and every one suppressed, with the reasons.
	Ignored []string `json:"ignored"`
	// BaselineWins are sentences about every place where a rule of others does better than ours.
	BaselineWins []string `json:"baselineWins"`
}

// Failures name the rules that could not be evaluated.
func (r *Result) Failures() []string {
	var all []string
	for i := range r.Rules {
		if r.Rules[i].Failure != "" {
			all = append(all, r.Rules[i].Rule)
		}
	}
	return all
}

// RuleResult is what a rule did.
type RuleResult struct {
	Rule      string `json:"rule"`
	Peer      string `json:"peer,omitempty"`
	Detection string `json:"detection"`
	// Attacks are those that it is for, Found how many of them its alerts show.
	Attacks int `json:"attacks"`
	Found   int `json:"found"`
	// Alerts in the time of attacks; TrueAlerts show some attack, of whatever kind; FalseAlerts none.
	Alerts      int     `json:"alerts"`
	TrueAlerts  int     `json:"trueAlerts"`
	FalseAlerts int     `json:"falseAlerts"`
	Suppressed  int     `json:"suppressed"`
	Recall      float64 `json:"recall"`
	Precision   float64 `json:"precision"`
	// FalseRate is false alerts per 1,000 users and week.
	FalseRate float64 `json:"falseAlertsPer1000UsersAndWeek"`
	// DelayMedian and DelayTail (90 %) are in seconds of event time from the attacker's first event; -1 when not measured.
	DelayMedian float64 `json:"delayMedianSeconds"`
	DelayTail   float64 `json:"delay90Seconds"`
	// Budgets say what is found when no more than so many false alerts are allowed, by a threshold on the score.
	Budgets []BudgetResult `json:"budgets,omitempty"`
	// Ours is the detection of ours on the same attacks at no less recall, for a baseline.
	Ours *Comparison `json:"ours,omitempty"`
	// Failure says why the rule could not be evaluated; the numbers mean nothing then.
	Failure string `json:"failure,omitempty"`
	// Causes are how many of the false alerts have events that a noise shaped; an alert may have several.
	Causes map[string]int `json:"causes,omitempty"`
	// Examples are false alerts, those with the highest score.
	Examples []Example `json:"falseExamples,omitempty"`
}

// Example is a false alert.
type Example struct {
	Title   string    `json:"title"`
	Subject string    `json:"subject"`
	Score   float64   `json:"score"`
	Start   time.Time `json:"startTime"`
	// Events are the first few, with the noise that shaped them.
	Events []string `json:"events"`
}

// BudgetResult is a rule under a budget.
type BudgetResult struct {
	// Budget is false alerts per 1,000 users and week.
	Budget    float64 `json:"budget"`
	Threshold float64 `json:"threshold"`
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	FalseRate float64 `json:"falseAlertsPer1000UsersAndWeek"`
}

// Comparison is our detection against a baseline.
type Comparison struct {
	// Recall on the baseline's attacks, with everything that we raise.
	Recall float64 `json:"recall"`
	// Reached says whether we find as many as the baseline does; FalseRate is ours at the highest threshold that does, or
	// with everything that we raise.
	Reached   bool    `json:"reached"`
	FalseRate float64 `json:"falseAlertsPer1000UsersAndWeek"`
}

// VariantResult is a way of attack.
type VariantResult struct {
	Kind       string `json:"kind"`
	Variant    string `json:"variant"`
	Difficulty string `json:"difficulty"`
	Detection  string `json:"expectedDetection"`
	Attacks    int    `json:"attacks"`
	// Found by the detection that should, Any by some detection of ours, Baselines by some rule of others.
	Found     int `json:"found"`
	Any       int `json:"foundByAny"`
	Baselines int `json:"foundByBaselines"`
}

// point is a rule with a threshold.
type point struct {
	threshold                     float64
	found, trueAlerts, falseCount int
}

// points are the rule at every threshold, the highest first; the last is the rule as it is.
func (e *evaluation) points(out *outcome, meant func(int) bool) []point {
	alerts := slices.Clone(out.alerts)
	slices.SortStableFunc(alerts, func(a, b raised) int { return cmp.Compare(b.Score, a.Score) })
	var all []point
	seen := map[int]bool{}
	var p point
	for i, a := range alerts {
		if i > 0 && a.Score != alerts[i-1].Score {
			all = append(all, p)
		}
		p.threshold = a.Score
		if len(a.attacks) == 0 {
			p.falseCount++
		} else {
			p.trueAlerts++
		}
		for _, n := range a.attacks {
			if meant(n) && !seen[n] {
				seen[n] = true
				p.found++
			}
		}
	}
	if out.rule.union && len(alerts) > 0 {
		return []point{p}
	}
	return append(all, p)
}

// rate turns a number of alerts into one per 1,000 users and week.
func (e *evaluation) rate(n int) float64 {
	return round(float64(n) / float64(e.users) * 1000 / e.weeks())
}

func (e *evaluation) weeks() float64 { return e.to.Sub(e.from).Hours() / (7 * 24) }

// share is a part of a whole, 0 when there is none.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return round(float64(part) / float64(whole))
}

func round(f float64) float64 { return math.Round(f*1000) / 1000 }

// measure turns an outcome into numbers.
func (e *evaluation) measure(out *outcome) RuleResult {
	r := out.rule
	meant := func(i int) bool { return r.meant(&e.labels[i]) }
	attacks := 0
	for i := range e.labels {
		if meant(i) {
			attacks++
		}
	}
	points := e.points(out, meant)
	last := points[len(points)-1]
	result := RuleResult{Rule: r.ID, Peer: r.Peer, Detection: r.Detection, Attacks: attacks, Found: last.found, Alerts: len(out.alerts),
		TrueAlerts: last.trueAlerts, FalseAlerts: last.falseCount, Suppressed: out.suppressed, Recall: share(last.found, attacks),
		Precision: share(last.trueAlerts, last.trueAlerts+last.falseCount), FalseRate: e.rate(last.falseCount),
		DelayMedian: quantile(out.delays, 0.5), DelayTail: quantile(out.delays, 0.9), Causes: e.causes(out), Failure: out.failure, Examples: e.examples(out)}
	for _, budget := range e.o.Budgets {
		b := BudgetResult{Budget: budget}
		for _, p := range points {
			if e.rate(p.falseCount) > budget {
				break
			}
			b = BudgetResult{budget, p.threshold, share(p.found, attacks), share(p.trueAlerts, p.trueAlerts+p.falseCount), e.rate(p.falseCount)}
		}
		result.Budgets = append(result.Budgets, b)
	}
	return result
}

// quantile in seconds of sorted durations, -1 when there are none.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return -1
	}
	return math.Round(sorted[int(q*float64(len(sorted)-1)+0.5)].Seconds())
}

// compare puts our detection beside a baseline, on the baseline's attacks.
func (e *evaluation) compare(ours, baseline *outcome, theirs *RuleResult) *Comparison {
	points := e.points(ours, func(i int) bool { return baseline.rule.meant(&e.labels[i]) })
	last := points[len(points)-1]
	c := &Comparison{Recall: share(last.found, theirs.Attacks), FalseRate: e.rate(last.falseCount)}
	for _, p := range points {
		if p.found >= theirs.Found {
			c.Reached, c.FalseRate = true, e.rate(p.falseCount)
			break
		}
	}
	return c
}
