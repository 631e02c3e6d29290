package analytics

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Tell says who those are of whom findings tell by an id, in their order: what names the titles of alerts. Nothing is stored.
func (r *Runner) Tell(ctx context.Context, findings []*alert.Finding) ([]*alert.Context, error) {
	all := make([]*alert.Context, 0, len(findings))
	for part := range slices.Chunk(findings, maxDescribed) {
		people, err := r.people(ctx, part)
		if err != nil {
			return nil, err
		}
		first, last := spanOf(part)
		names, err := r.names(ctx, part, people, r.line(), first, last)
		if err != nil {
			return nil, err
		}
		for i := range part {
			all = append(all, &alert.Context{Directory: people[i], Names: names[i]})
		}
	}
	return all, nil
}

// spanOf is from the first beginning of the findings to their last end.
func spanOf(findings []*alert.Finding) (first, last time.Time) {
	first, last = findings[0].Start, findings[0].End
	for _, f := range findings {
		if f.Start.Before(first) {
			first = f.Start
		}
		if f.End.After(last) {
			last = f.End
		}
	}
	return first, last
}

// toldAs are the title and the subject of a finding with names for ids.
func toldAs(f *alert.Finding, c *alert.Context) (string, alert.Subject) {
	a := alert.Alert{Finding: *f, Context: c}
	s := f.Subject
	if s.DisplayName == "" && (s.Type == "user" || s.Type == "integration") {
		s.DisplayName = a.SubjectName()
	}
	return a.ToldTitle(), s
}

// tellBacktest puts names for ids into what a result shows of alerts and subjects.
func tellBacktest(ctx context.Context, r *alert.BacktestResult, tell func(context.Context, []*alert.Finding) ([]*alert.Context, error)) error {
	if tell == nil {
		return nil
	}
	r.AddedExamples, r.RemovedExamples = slices.Clone(r.AddedExamples), slices.Clone(r.RemovedExamples)
	var findings []*alert.Finding
	for _, list := range [][]alert.Finding{r.AddedExamples, r.RemovedExamples} {
		for i := range list {
			findings = append(findings, &list[i])
		}
	}
	examples := len(findings)
	for i := range r.TopSubjects { // as they are called at the end
		findings = append(findings, &alert.Finding{Subject: r.TopSubjects[i].Subject, Anchor: r.To, Start: r.From, End: r.To})
	}
	contexts, err := tell(ctx, findings)
	if err != nil {
		return err
	}
	for i, f := range findings {
		title, subject := toldAs(f, contexts[i])
		if i < examples {
			f.Title, f.Subject = title, subject
		} else {
			r.TopSubjects[i-examples].Subject = subject
		}
	}
	return nil
}

// tellDifferences puts names for ids into the examples of a re-evaluation.
func (r *Runner) tellDifferences(ctx context.Context, out *alert.ReevaluationResult, of map[string]*alert.Finding) error {
	findings := make([]*alert.Finding, len(out.Examples))
	for i := range out.Examples {
		findings[i] = of[out.Examples[i].AlertID]
	}
	contexts, err := r.Tell(ctx, findings)
	if err != nil {
		return err
	}
	for i := range out.Examples {
		d := &out.Examples[i]
		d.Title, d.Subject = toldAs(findings[i], contexts[i])
		for k := range d.Fields {
			if f := &d.Fields[k]; f.Field == "title" {
				for _, text := range []*string{&f.Before, &f.After} {
					one := *findings[i]
					one.Title = *text
					*text, _ = toldAs(&one, contexts[i])
				}
			}
		}
	}
	return nil
}

// applicationName is what the configuration calls an application; empty when it does not.
func (r *Runner) applicationName(key string) string { return r.o.Applications[strings.ToLower(key)] }

// NameAlerts gives alerts that have no context, as those that are suppressed, one of names alone, so that their titles have them. Nothing is stored.
func (r *Runner) NameAlerts(ctx context.Context, alerts []alert.Alert) error {
	var findings []*alert.Finding
	var of []*alert.Alert
	for i := range alerts {
		if a := &alerts[i]; a.Context == nil && a.Tenant == r.o.Tenant {
			findings, of = append(findings, &a.Finding), append(of, a)
		}
	}
	contexts, err := r.Tell(ctx, findings)
	if err != nil {
		return err
	}
	for i, a := range of {
		if c := contexts[i]; c.Directory != nil || len(c.Names) > 0 {
			a.Context = c
		}
	}
	return nil
}
