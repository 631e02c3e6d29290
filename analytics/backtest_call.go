package analytics

import (
	"context"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// mostOthers is how many times what a slice reads may be the events of others than the subjects, of which it reads little.
const mostOthers = 5

// cut asks whom a detection is about at all, and cuts the time so that their events fill the slices; most are often few.
func (b *Backtester) cut(ctx context.Context, t *trial, h *history, from, to time.Time) error {
	most := b.o.SliceEvents
	all := h.events(time.Time{}, to)
	if t.present.Candidates != "" && all > most {
		subjects, asked, err := b.concerned(ctx, t, period{from, to})
		if err != nil {
			return err
		}
		if asked && len(subjects) == 0 {
			return nil
		}
		if asked && len(subjects) <= maxCandidates {
			theirs, err := b.o.Store.CountEventsOf(ctx, b.o.Tenant, subjects)
			if err != nil {
				return err
			}
			t.subjects = subjects
			most *= max(1, min(mostOthers, all/max(1, theirs)))
		}
	}
	t.from = from
	if t.proposed.Inputs.DailyLimit > 0 || t.present.Inputs.DailyLimit > 0 { // what comes before on the day takes places of it
		from = from.Truncate(oneDay)
	}
	t.slices = h.slices(from, to, max(t.present.LookBack, t.proposed.LookBack), max(t.present.LookAhead, t.proposed.LookAhead), most)
	t.limits = [2]dayLimit{{limit: t.proposed.Inputs.DailyLimit}, {limit: t.present.Inputs.DailyLimit}}
	return nil
}

// concerned are the candidates of both settings of a trial; asked is false when telling would take too much memory.
func (b *Backtester) concerned(ctx context.Context, t *trial, p period) (subjects []string, asked bool, err error) {
	tried := []*Detection{&t.proposed}
	if t.differs {
		tried = append(tried, &t.present)
	}
	for _, d := range tried {
		some, err := b.o.Store.Candidates(ctx, b.question(d, d.Candidates, p, nil))
		if b.tooMuch(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		subjects = append(subjects, some...)
	}
	slices.Sort(subjects)
	return slices.Compact(subjects), true, nil
}

// question is a call of a detection's text about a period, the end excluded.
func (b *Backtester) question(d *Detection, text string, p period, subjects []string) clickhouse.Call {
	c := clickhouse.Call{Detection: d.ID, Text: text, Tenant: b.o.Tenant, From: p.from, To: p.to.Add(-tick), Line: b.o.Clock().UTC(), Subjects: subjects, Arguments: d.arguments()}
	if p.to.Sub(p.from) > unlimited {
		c.MaxMemory = b.o.MaxMemory
	}
	return c
}

// evaluate counts the findings anchored in a period; one that needs too much memory is cut in two.
func (b *Backtester) evaluate(ctx context.Context, t *trial, p period, n *counter) error {
	proposed, err := b.findings(ctx, t, &t.proposed, p)
	present := proposed
	if err == nil && t.differs {
		present, err = b.findings(ctx, t, &t.present, p)
	}
	if length := p.to.Sub(p.from); b.tooMuch(err) && length > shortest {
		middle := p.from.Add(length / 2).Truncate(time.Second)
		if err := b.evaluate(ctx, t, period{p.from, middle}, n); err != nil {
			return err
		}
		return b.evaluate(ctx, t, period{middle, p.to}, n)
	}
	if err != nil {
		return err
	}
	t.limits[0].apply(proposed)
	switch {
	case t.absent:
		present = nil
	case t.differs:
		t.limits[1].apply(present)
	}
	early := func(f alert.Finding) bool { return f.Anchor.Before(t.from) }
	if t.limits[0].limit > 0 || t.limits[1].limit > 0 {
		proposed = slices.DeleteFunc(slices.Clone(proposed), early)
		present = slices.DeleteFunc(slices.Clone(present), early)
	}
	n.add(proposed, present)
	return nil
}

// findings of a period, the end excluded, without what is not counted and takes the most memory.
func (b *Backtester) findings(ctx context.Context, t *trial, d *Detection, p period) ([]alert.Finding, error) {
	found, err := grown(p, func(p period, subjects []string, each func(alert.Finding)) error {
		if len(subjects) == 0 {
			subjects = t.subjects
			if len(subjects) > 0 && len(t.slices) == 1 && p == t.slices[0].period {
				return b.ask(ctx, d, p, subjects, each)
			}
		}
		return b.call(ctx, d, p, subjects, each)
	})
	if err != nil {
		return found, err
	}
	if b.o.Exceptions != nil {
		if err := takeOwn(ctx, b.o.People, b.o.Tenant, b.o.Exceptions(d.ID), found); err != nil {
			return nil, err
		}
	}
	if b.o.People == nil {
		return found, nil
	}
	scope, err := readScope(d.Scope)
	if err != nil {
		return nil, err
	}
	return found, scope.limit(ctx, b.o.People, b.o.Tenant, found)
}

// detectionsAtOnce bounds how many detections of one backtest are evaluated at once; together they share the engine's memory.
const detectionsAtOnce = 2

// maxCandidates is how many subjects a view is asked about by name; of more, all are asked about: long lists are slow.
const maxCandidates = 5_000

// call evaluates a detection about those of the subjects about whom it can find anything; no subjects means all.
func (b *Backtester) call(ctx context.Context, d *Detection, p period, subjects []string, each func(alert.Finding)) error {
	if d.Candidates != "" {
		some, err := b.o.Store.Candidates(ctx, b.question(d, d.Candidates, p, subjects))
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return nil
		}
		if len(some) <= maxCandidates {
			subjects = some
		}
	}
	return b.ask(ctx, d, p, subjects, each)
}

// ask evaluates a detection about subjects; none means all.
func (b *Backtester) ask(ctx context.Context, d *Detection, p period, subjects []string, each func(alert.Finding)) error {
	var exceptions []alert.Exception
	if b.o.Exceptions != nil {
		exceptions = b.o.Exceptions(d.ID)
	}
	return b.o.Store.EachFinding(ctx, b.question(d, d.SQL, p, subjects), func(f alert.Finding) error {
		except(exceptions, d.Attributes, &f)
		f.Evidence, f.EventIDs = "", nil
		each(f)
		return nil
	})
}
