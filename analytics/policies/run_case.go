package policies

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// CaseStore is a database for cases; *clickhouse.DB is one. Nothing else may write to it meanwhile.
type CaseStore interface {
	analytics.Store
	analytics.LogStore
	AppendEvents(ctx context.Context, token string, events []event.Event) error
	Migrate(ctx context.Context) (int, error)
}

// withoutViews is a database for cases without what the analysis does not need to find: views for use by hand, and the contexts of alerts.
type withoutViews struct{ CaseStore }

// DefineDetections does nothing.
func (withoutViews) DefineDetections(context.Context, []clickhouse.View) error { return nil }

// DropDetections does nothing.
func (withoutViews) DropDetections(context.Context, []string) error { return nil }

// Circumstances says nothing: cases expect findings, and what is told beside them costs more than they do.
func (withoutViews) Circumstances(_ context.Context, _ string, _ time.Time, findings []*alert.Finding) ([]*alert.Context, error) {
	all := make([]*alert.Context, len(findings))
	for i := range all {
		all[i] = &alert.Context{}
	}
	return all, nil
}

// HoursSeen are for the circumstances.
func (withoutViews) HoursSeen(context.Context, string, time.Time, time.Time, time.Time) ([]time.Time, error) {
	return nil, nil
}

// AlertsMentioning are for them, too.
func (withoutViews) AlertsMentioning(context.Context, string, []string, int) ([]alert.Alert, error) {
	return nil, nil
}

// NamesInEvents are for them, too.
func (withoutViews) NamesInEvents(context.Context, string, time.Time, []string, []string, time.Time, time.Time) (map[string]alert.Named, error) {
	return nil, nil
}

// clock of the cases: all their events have happened.
func clock() time.Time { return time.Date(2029, 6, 1, 0, 0, 0, 0, time.UTC) }

// RunCase runs a case with a policy, in a tenant of its own: with everything there before the policy is saved, and, where there is a
// late part, once more with that after everything else was analysed. It returns what differs from the alerts that the case expects, one line each.
func RunCase(ctx context.Context, db CaseStore, c *Case, p *policy.Policy, log *slog.Logger) ([]string, error) {
	applied := *p
	applied.Disabled = false
	if applied.EffectiveFrom.IsZero() {
		applied.EffectiveFrom = time.Unix(0, 0).UTC()
	}
	d, err := Compile(&applied)
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, late := range []bool{false, true} {
		if late && len(c.Late)+len(c.LateRanges)+len(c.LateDirectory) == 0 {
			break
		}
		found, err := play(ctx, db, c, d, applied.EffectiveFrom, late, log)
		if err != nil {
			return nil, err
		}
		for _, problem := range compare(c.Alerts, found) {
			if late {
				problem = "with the late part after the others: " + problem
			}
			problems = append(problems, problem)
		}
	}
	return problems, nil
}

func play(ctx context.Context, db CaseStore, c *Case, d analytics.Detection, since time.Time, late bool, log *slog.Logger) ([]alert.Alert, error) {
	db = withoutViews{db}
	tenant := "case-" + uuid.NewString()
	alerts, err := analytics.OpenLog(ctx, db, clock, log)
	if err != nil {
		return nil, err
	}
	defer alerts.Close()
	looked, err := lookedAt(d.Inputs.Matches)
	if err != nil {
		return nil, err
	}
	runner, err := analytics.New(ctx, analytics.Options{Tenant: tenant, Detections: looked, Store: db, Log: alerts, Clock: clock, Logger: log})
	if err != nil {
		return nil, err
	}
	adopt := func() error {
		return runner.Adopt(ctx, analytics.Adoption{Detection: d, Since: since, By: "case (policy version 1)"})
	}
	give := func(events []CaseEvent, ranges []CaseRange, people []CasePerson) error {
		if len(events)+len(ranges)+len(people) == 0 {
			return nil
		}
		return feed(ctx, db, runner, c, tenant, events, ranges, people)
	}
	if !late {
		if err := give(slices.Concat(c.Events, c.Late), slices.Concat(c.Ranges, c.LateRanges), slices.Concat(c.Directory, c.LateDirectory)); err != nil {
			return nil, err
		}
		if err := adopt(); err != nil {
			return nil, err
		}
	} else {
		if err := adopt(); err != nil {
			return nil, err
		}
		if err := give(c.Events, c.Ranges, c.Directory); err != nil {
			return nil, err
		}
		if err := runner.CatchUp(ctx); err != nil {
			return nil, err
		}
		if err := give(c.Late, c.LateRanges, c.LateDirectory); err != nil {
			return nil, err
		}
	}
	if err := runner.CatchUp(ctx); err != nil {
		return nil, err
	}
	all, err := db.AlertsAnchored(ctx, tenant, d.ID, earliest, latest)
	all = slices.DeleteFunc(all, func(a alert.Alert) bool { return a.Retracted })
	return all, err
}

func feed(ctx context.Context, db CaseStore, runner *analytics.Runner, c *Case, tenant string, events []CaseEvent, ranges []CaseRange, people []CasePerson) error {
	known, err := buildRanges(tenant, ranges)
	if err != nil {
		return err
	}
	states, err := buildPeople(tenant, people)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		if err := runner.Know(ctx, known); err != nil {
			return err
		}
	}
	if len(states) > 0 {
		if err := runner.KnowPeople(ctx, states); err != nil {
			return err
		}
	}
	built, err := c.build(tenant, events)
	if err != nil || len(built) == 0 {
		return err
	}
	last, err := db.LastEventSequence(ctx)
	if err != nil {
		return err
	}
	for i := range built {
		last++
		built[i].Sequence = last
	}
	if err := db.AppendEvents(ctx, uuid.NewString(), built); err != nil {
		return err
	}
	runner.Committed(last)
	return nil
}

// compare says what differs between the alerts that are expected and those that there are.
func compare(want []CaseAlert, got []alert.Alert) []string {
	slices.SortFunc(got, func(a, b alert.Alert) int {
		return cmp.Or(a.Anchor.Compare(b.Anchor), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Key, b.Key))
	})
	var problems []string
	left := slices.Clone(got)
	for i := range want {
		w := &want[i]
		at := slices.IndexFunc(left, func(a alert.Alert) bool { return a.Subject.ID == w.Subject && (w.Key == "" || a.Key == w.Key) })
		if at < 0 {
			problems = append(problems, fmt.Sprintf("no alert about %s with the first event %s", w.Subject, cmp.Or(w.Key, "of any id")))
			continue
		}
		problems = append(problems, w.differs(&left[at])...)
		left = slices.Delete(left, at, at+1)
	}
	for i := range left {
		problems = append(problems, fmt.Sprintf("an alert that is not expected: about %s with the first event %s (%s) %v", left[i].Subject.ID, left[i].Key, left[i].Title, left[i].SuppressedBy))
	}
	return problems
}

func (w *CaseAlert) differs(a *alert.Alert) []string {
	var problems []string
	check := func(what string, want, got any) {
		if !reflect.DeepEqual(want, got) {
			problems = append(problems, fmt.Sprintf("the alert about %s: %s: found %v, expected %v", w.Subject, what, got, want))
		}
	}
	if w.Severity != "" {
		check("severity", w.Severity, a.Severity)
	}
	if w.Title != "" {
		check("title", w.Title, a.Title)
	}
	if w.Events > 0 {
		check("events", w.Events, int(a.EventCount))
	}
	for _, t := range []struct {
		what, want string
		got        time.Time
	}{{"start", w.Start, a.Start}, {"end", w.End, a.End}} {
		if t.want != "" {
			check(t.what, t.want, t.got.Format(time.RFC3339Nano))
		}
	}
	check("suppressedBy", strings.Join(w.SuppressedBy, ", "), strings.Join(a.SuppressedBy, ", "))
	if len(w.Evidence) > 0 {
		var evidence map[string]any
		if err := json.Unmarshal([]byte(a.Evidence), &evidence); err != nil {
			return append(problems, fmt.Sprintf("the alert about %s: evidence: %v", w.Subject, err))
		}
		for k, v := range w.Evidence {
			check("evidence "+k, text(v), text(evidence[k]))
		}
	}
	return problems
}

// text makes values of YAML and JSON comparable.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
