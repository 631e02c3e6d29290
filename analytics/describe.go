package analytics

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
)

const (
	// maxDescribed is the most findings that are described at once.
	maxDescribed = 200
	// duePage is how many alerts are looked through at once because their hour has passed.
	duePage = 1000
	// describePatience bounds how long alerts wait for their description.
	describePatience = 5 * time.Second
	// afterwards is how long after its last event a finding's context looks at what the subject did.
	afterwards = time.Hour
	// around is how long before a finding gaps are looked for.
	around = 24 * time.Hour
	// week and weeks say what is usual: an hour in which somebody was seen in most of the weeks before.
	week      = 7 * 24 * time.Hour
	weeks     = 4
	mostWeeks = 3
)

// raised says whether a change needs a context: what raised no alert, or no longer does, has none.
func raised(c *alert.Change) bool { return !c.Retracted && len(c.SuppressedBy) == 0 }

// describe returns the contexts of the changes that raise an alert, by alert id. No alert waits long for its description,
// nor for ever: what could not be described now is described with the next round of descriptions.
func (r *Runner) describe(ctx context.Context, changes []alert.Change, line time.Time) map[string]*alert.Context {
	var findings []*alert.Finding
	for i := range changes {
		if raised(&changes[i]) {
			findings = append(findings, &changes[i].Finding)
		}
	}
	all := make(map[string]*alert.Context, len(findings))
	ctx, cancel := context.WithTimeout(ctx, describePatience)
	defer cancel()
	for part := range slices.Chunk(findings, maxDescribed) {
		contexts, err := r.contexts(ctx, part, line)
		if err != nil {
			r.log.WarnContext(ctx, "analysis: alerts are raised without a description, which follows", slog.Int("alerts", len(part)), slog.Any("error", err))
			return all
		}
		for i, f := range part {
			all[f.AlertID()] = contexts[i]
		}
	}
	return all
}

// contexts describes findings, in their order. One that is too much for the engine by itself is described without what its
// events say.
func (r *Runner) contexts(ctx context.Context, findings []*alert.Finding, line time.Time) ([]*alert.Context, error) {
	watermark := r.Watermark()
	all, err := r.o.Store.Circumstances(ctx, r.o.Tenant, line, findings)
	switch n := len(findings); {
	case r.tooMuch(err) != "" && n > 1:
		early, err := r.contexts(ctx, findings[:n/2], line)
		if err != nil {
			return nil, err
		}
		late, err := r.contexts(ctx, findings[n/2:], line)
		return append(early, late...), err
	case r.tooMuch(err) != "":
		all = []*alert.Context{{}}
	case err != nil:
		return nil, err
	}
	first, last := spanOf(findings)
	hours, err := r.o.Store.HoursSeen(ctx, r.o.Tenant, line, first.Add(-around-weeks*week-time.Hour), last.Add(afterwards))
	if err != nil {
		return nil, err
	}
	seen := make(map[time.Time]bool, len(hours))
	for _, h := range hours {
		seen[h] = true
	}
	people, err := r.people(ctx, findings)
	if err != nil {
		return nil, err
	}
	names, err := r.names(ctx, findings, people, line, first, last)
	if err != nil {
		return nil, err
	}
	for i, f := range findings {
		all[i].Directory, all[i].Names = people[i], names[i]
		all[i].Described = watermark
		all[i].AfterComplete = !watermark.Before(f.End.Add(afterwards))
		to := f.End.Add(afterwards)
		if watermark.Before(to) {
			to = watermark
		}
		all[i].Gaps = gaps(seen, f.Start.Add(-around), to)
	}
	return all, nil
}

// people are what the directory says of the users that the findings are about, at the times of their anchors; nil where
// it knows nobody.
func (r *Runner) people(ctx context.Context, findings []*alert.Finding) ([]*alert.Person, error) {
	questions := make([]directory.Question, len(findings))
	for i, f := range findings {
		if f.Subject.Type == "user" {
			questions[i] = directory.Question{SubjectID: f.Subject.ID, Email: f.Subject.Email, At: f.Anchor}
		}
	}
	answers, err := r.o.Store.DirectoryAt(ctx, r.o.Tenant, questions)
	if err != nil {
		return nil, err
	}
	people := make([]*alert.Person, len(findings))
	for i := range answers {
		if a := &answers[i]; a.Known() && findings[i].Subject.Type == "user" {
			people[i] = personOf(a)
		}
	}
	return people, nil
}

// completed takes the role at DocuSign, which is what somebody can do there, from the other sources where the first does not say it.
// Somebody who is not there any more for another source has no role by it.
func completed(p *alert.Person, others []directory.Answer) {
	for i := range others {
		o := &others[i]
		if p.Role == "" && o.Source == directory.SourceDocuSign && o.Status == directory.StatusActive {
			p.Role = o.Role
		}
	}
}

// gaps are the full hours from from to to in which nobody was seen, although somebody was at that hour in most of the four
// weeks before.
func gaps(seen map[time.Time]bool, from, to time.Time) []alert.Gap {
	var all []alert.Gap
	for h := from.UTC().Truncate(time.Hour).Add(time.Hour); !h.Add(time.Hour).After(to); h = h.Add(time.Hour) {
		usual := 0
		for w := range weeks {
			if seen[h.Add(-time.Duration(w+1)*week)] {
				usual++
			}
		}
		if seen[h] || usual < mostWeeks {
			continue
		}
		if n := len(all); n > 0 && all[n-1].To.Equal(h) {
			all[n-1].To = h.Add(time.Hour)
		} else {
			all = append(all, alert.Gap{From: h, To: h.Add(time.Hour)})
		}
	}
	return all
}

// due says how far the contexts are behind, in events that were analysed, and whether an hour after some alert may have
// passed; both are cheap to ask.
func (r *Runner) due() (analysed uint64, behind bool) {
	settled := r.settled()
	r.mu.Lock()
	defer r.mu.Unlock()
	analysed = r.head.Load()
	for _, p := range r.state {
		analysed = min(analysed, p.Position)
	}
	return analysed, r.described.Position < analysed || r.passed.Line.Before(r.watermark) || r.toldOf.Position < settled
}

// redescribe brings the contexts of raised alerts in step with the events that were analysed since: what a subject did in
// the hour after is not known when the alert is raised.
func (r *Runner) redescribe(ctx context.Context) error {
	if err := r.callApplications(ctx); err != nil {
		return err
	}
	for {
		upto, behind := r.due()
		if !behind {
			return nil
		}
		if err := r.redescribeUpto(ctx, upto); err != nil {
			return err
		}
	}
}

// redescribeUpto looks at Options.Step events at most.
func (r *Runner) redescribeUpto(ctx context.Context, upto uint64) error {
	line := r.line()
	r.mu.Lock()
	described, passed, toldOf, watermark := r.described, r.passed, r.toldOf, r.watermark
	r.mu.Unlock()
	upto = min(upto, described.Position+r.o.Step)
	spans, err := r.o.Store.ChangedSpans(ctx, clickhouse.SpanQuery{Tenant: r.o.Tenant, After: described.Position, Upto: upto, Release: true, Released: described.Line, Line: line})
	if err != nil {
		return err
	}
	news, told, err := r.news(ctx, toldOf.Position)
	if err != nil {
		return err
	}
	spans = append(spans, news...)
	var subjects []string
	var whole period
	for i, s := range spans {
		subjects = append(subjects, s.ID)
		if i == 0 {
			whole = period{s.First, s.Last}
		}
		whole = whole.union(s.First, s.Last)
	}
	slices.Sort(subjects)
	due, reached, err := r.past(ctx, passed.Line, watermark)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(due))
	for i := range due {
		known[due[i].ID] = true
	}
	for part := range slices.Chunk(slices.Compact(subjects), maxDescribed) {
		about, err := r.o.Store.AlertsDue(ctx, r.o.Tenant, part, whole.from, whole.to, watermark, watermark, math.MaxInt32)
		if err != nil {
			return err
		}
		due = append(due, slices.DeleteFunc(about, func(a alert.Alert) bool { return known[a.ID] })...)
	}
	due, err = r.mentioning(ctx, news, due)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(r.retained(due), maxDescribed) {
		if err := r.redescribeAlerts(ctx, part, line); err != nil {
			return err
		}
	}
	described.Position, described.Line = upto, line
	described.Version++
	passed.Line = reached
	passed.Version++
	toldOf.Position = told
	toldOf.Version++
	if err := r.storeDescribed(ctx, described, passed, toldOf); err != nil {
		return err
	}
	r.mu.Lock()
	r.described, r.passed, r.toldOf = described, passed, toldOf
	r.mu.Unlock()
	return nil
}

// past returns the alerts of which the hour after has passed since the watermark was at passed, a page of them, and the
// watermark that it reaches.
func (r *Runner) past(ctx context.Context, passed, watermark time.Time) ([]alert.Alert, time.Time, error) {
	for limit := duePage; ; limit *= 2 {
		due, err := r.o.Store.AlertsDue(ctx, r.o.Tenant, nil, time.Time{}, time.Time{}, passed, watermark, limit)
		if err != nil || len(due) < limit {
			return due, watermark, err
		}
		if first, last := due[0].End, due[limit-1].End; !first.Equal(last) { // others may have ended when the last one did
			return due, last.Add(afterwards - tick), nil
		}
	}
}

func (r *Runner) redescribeAlerts(ctx context.Context, due []alert.Alert, line time.Time) error {
	findings := make([]*alert.Finding, len(due))
	for i := range due {
		findings[i] = &due[i].Finding
	}
	contexts, err := r.contexts(ctx, findings, line)
	if err != nil {
		return err
	}
	var news []int
	for i := range due {
		if due[i].Context.Tells(contexts[i]) {
			news = append(news, i)
		}
	}
	if len(news) == 0 {
		return nil
	}
	return r.o.Log.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		ids := make([]string, len(news))
		for k, i := range news {
			ids[k] = due[i].ID
		}
		standing, err := r.o.Store.AlertsByID(ctx, r.o.Tenant, ids)
		if err != nil {
			return nil, err
		}
		now := make(map[string]*alert.Alert, len(standing))
		for i := range standing {
			now[standing[i].ID] = &standing[i]
		}
		var changes []alert.Change
		for _, i := range news {
			a := now[due[i].ID]
			if a == nil || !sameFinding(&a.Finding, &due[i].Finding) || a.Retracted {
				continue // it was described again when it changed
			}
			c := alert.Change{Kind: alert.ChangeDescribed, Alert: *a}
			c.Follow(a)
			c.Context, c.Actor = contexts[i], "analysis"
			changes = append(changes, c)
		}
		return changes, nil
	})
}
