package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/visible"
)

// LimitReached is the id under which it is told that a policy was over its limit of a day: one alert for each policy and day, which no
// limit and no exception keeps back. It follows from the findings of that day alone.
const LimitReached = "limit_reached"

// limitEvidence is what a person needs to judge it.
type limitEvidence struct {
	Policy      string    `json:"policy"`
	Name        string    `json:"name"`
	Date        string    `json:"date"`
	Limit       int       `json:"limit"`
	AtLeastMore int       `json:"atLeastMore"`
	First       time.Time `json:"firstBeyond"`
	Consequence string    `json:"consequence"`
}

// limitsTold are the days of which an alert stands that says that a detection was over its limit, by detection.
type limitsTold map[string]map[time.Time]bool

// tellLimits lets the alerts about days over the limit follow what was written of a detection: days says of which of them some finding is
// beyond. What breaks off before is done again, because the detection's checkpoint comes after it.
func (r *Runner) tellLimits(ctx context.Context, d *Detection, days map[time.Time]bool) error {
	if len(days) == 0 {
		return nil
	}
	about := strings.TrimPrefix(d.ID, policy.DetectionPrefix)
	subject := alert.Subject{Type: "policy", ID: about}
	r.mu.Lock()
	told, known := r.limitsTold[d.ID]
	r.mu.Unlock()
	if !known {
		standing, err := r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, LimitReached, []string{about})
		if err != nil {
			return fmt.Errorf("analytics: alerts about the limit of %s: %w", d.ID, err)
		}
		told = map[time.Time]bool{}
		for i := range standing {
			if !standing[i].Retracted {
				told[standing[i].Anchor.UTC()] = true
			}
		}
	}
	told = maps.Clone(told)
	for _, day := range slices.SortedFunc(maps.Keys(days), time.Time.Compare) {
		if !days[day] && !told[day] {
			continue
		}
		err := r.o.Log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
			b, err := r.o.Store.AlertsBeyond(ctx, r.o.Tenant, d.ID, day, day.Add(oneDay))
			if err != nil {
				return nil, err
			}
			standing, err := r.o.Store.AlertsOfSubjects(ctx, r.o.Tenant, LimitReached, []string{about})
			if err != nil {
				return nil, err
			}
			var findings []alert.Finding
			if b.Count > 0 {
				f, err := r.limitFinding(d, subject, day, b)
				if err != nil {
					return nil, err
				}
				findings = append(findings, f)
			}
			told[day] = b.Count > 0
			changes := reconcile(standing, findings, map[clickhouse.Subject]period{subjectOf(subject): {day, day.Add(oneDay - tick)}}, time.Time{})
			for i := range changes {
				r.metrics.changes.WithLabelValues(LimitReached, changes[i].Kind).Inc()
			}
			return changes, nil
		})
		if err != nil {
			return fmt.Errorf("analytics: the limit of %s on %s: %w", d.ID, day.Format(time.DateOnly), err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limitsTold[d.ID] = told
	return nil
}

// limitFinding says that a detection was over its limit on a day. How many more there are is rounded down, so that a flood changes the
// alert seldom, and in any order ends with the same.
func (r *Runner) limitFinding(d *Detection, subject alert.Subject, day time.Time, b clickhouse.Beyond) (alert.Finding, error) {
	limit := d.Inputs.DailyLimit
	if v := r.lineage(d.ID).at(b.First); v != nil && v.inputs.DailyLimit > 0 {
		limit = v.inputs.DailyLimit
	}
	var first struct{ Policy string }
	if err := json.Unmarshal([]byte(b.Evidence), &first); err != nil {
		return alert.Finding{}, fmt.Errorf("evidence of a finding of %s: %w", d.ID, err)
	}
	more := roundedDown(b.Count)
	e := limitEvidence{Policy: subject.ID, Name: first.Policy, Date: day.Format(time.DateOnly), Limit: limit, AtLeastMore: more, First: b.First.UTC(),
		Consequence: "What it found beyond is stored as suppressed, and counted: sealwatch policy show " + subject.ID + ". It is no alert, so that nobody is told of it."}
	subject.DisplayName = first.Policy
	exactly := fmt.Sprint(more)
	if more >= 10 {
		exactly = "at least " + exactly
	}
	plural := "alerts"
	if limit == 1 {
		plural = "alert"
	}
	title := fmt.Sprintf("The policy %s reached its limit of %d %s on %s and keeps counting: %s more", first.Policy, limit, plural, e.Date, exactly)
	f := alert.Finding{Tenant: r.o.Tenant, Detection: LimitReached, Subject: subject, Key: e.Date, Anchor: day, Start: b.First.UTC(), End: b.First.UTC(), Severity: b.Severity,
		Title: visible.Text(title), Score: float64(more), EventIDs: []string{}, SuppressedBy: []string{}}
	return f, setEvidence(&f, e)
}

// roundedDown is the number below ten, and above the next lower one of 10, 20, 50, 100, 200, 500, ...
func roundedDown(n int) int {
	if n < 10 {
		return n
	}
	for step := 10; ; step *= 10 {
		switch {
		case n < 2*step:
			return step
		case n < 5*step:
			return 2 * step
		case n < 10*step:
			return 5 * step
		}
	}
}

// DescribeLimitReached is it for readers of the detections.
func DescribeLimitReached() alert.Detection {
	return alert.Detection{
		ID: LimitReached, Title: "A policy is over its limit of a day",
		Description: "A policy found more on a day than its maxAlertsPerDay, so that the rest are no alerts. It stays in force and goes on counting. There is one such alert for each policy and day, with the severity of what it kept back; " +
			"it is withdrawn when late events or a changed past bring the day within the limit.",
		Severity: alert.SeverityMedium, SubjectType: "policy",
		FalsePositives: []string{"A policy that is too wide: a filter that selects what many do", "A campaign, a migration or another day on which much is done that is usual"},
		Response: []string{"Read what was kept back: the query of the alert lists it, and sealwatch policy show says how much it was on each day.",
			"Find out whether one user or address makes most of it: whoever attacks may do much so that something else goes under.",
			"Make the filter narrower or the count higher, and try it with sealwatch policy backtest; or raise maxAlertsPerDay."},
	}
}
