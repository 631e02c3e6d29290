package analytics

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// firstPostponement and longestPostponement bound the time until a subject that was too much for the engine is tried again.
const (
	firstPostponement   = time.Minute
	longestPostponement = 6 * time.Hour
)

// postponed is a subject whose evaluation was too much for the engine. The detection goes on without it.
type postponed struct {
	// period of the anchors to look at.
	period
	tries     int
	notBefore time.Time
	// why is empty when another process has tried.
	why string
}

// loadPostponed reads whom an earlier process has left to be tried again.
func (r *Runner) loadPostponed(ctx context.Context) error {
	all, err := r.o.Store.Postponed(ctx, r.o.Tenant)
	if err != nil {
		return fmt.Errorf("analytics: rechecks: %w", err)
	}
	for _, c := range all {
		if p := r.state[c.Detection]; p != nil {
			p.postpone(c.Subject, period{c.First, c.Last}, "")
		}
	}
	return nil
}

func (p *progress) postpone(s clickhouse.Subject, span period, why string) {
	if p.postponed == nil {
		p.postponed = make(map[clickhouse.Subject]*postponed)
	}
	o := p.postponed[s]
	if o == nil {
		p.postponed[s] = &postponed{period: span, tries: 1, notBefore: time.Now().Add(firstPostponement), why: why}
		return
	}
	o.period = o.union(span.from, span.to)
}

// days is the period of whole days around it: one that grows with every event is stored once a day.
func (p period) days() period {
	const day = 24 * time.Hour
	return period{p.from.Truncate(day), p.to.Truncate(day).Add(day - tick)}
}

// spare takes the postponed subjects out of periods, and returns the periods that they have to be looked at in beyond those
// that are stored.
func (r *Runner) spare(d *Detection, periods map[clickhouse.Subject]period) map[clickhouse.Subject]period {
	r.mu.Lock()
	defer r.mu.Unlock()
	grown := make(map[clickhouse.Subject]period)
	for s, o := range r.state[d.ID].postponed {
		p, asked := periods[s]
		if !asked {
			continue
		}
		delete(periods, s)
		if w := o.union(p.from, p.to); w != o.period {
			grown[s] = w.days()
		}
	}
	return grown
}

// postpone leaves subjects for later: it returns when that is durable.
func (r *Runner) postpone(ctx context.Context, d *Detection, all map[clickhouse.Subject]period, why map[clickhouse.Subject]string) error {
	asked := make([]clickhouse.Recheck, 0, len(all))
	for s, p := range all {
		asked = append(asked, clickhouse.Recheck{Detection: d.ID, Subject: s, First: p.from, Last: p.to, Reason: clickhouse.ReasonTooMuch})
		if why[s] != "" {
			r.metrics.errors.WithLabelValues(d.ID).Inc()
			r.log.ErrorContext(ctx, "analysis: a subject is too much for the engine; the others were evaluated, and it is tried again", slog.String("detection", d.ID),
				slog.String("type", s.Type), slog.String("subject", s.ID), slog.String("limit", why[s]))
		}
	}
	if err := r.Recheck(ctx, asked); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, p := range all {
		r.state[d.ID].postpone(s, p, why[s])
	}
	return nil
}

// dueAgain are the postponed subjects that are to be tried again; r.mu is held.
func (p *progress) dueAgain(now time.Time) map[clickhouse.Subject]period {
	due := make(map[clickhouse.Subject]period)
	for s, o := range p.postponed {
		if !now.Before(o.notBefore) {
			due[s] = o.period
		}
	}
	return due
}

// tryAgain evaluates the postponed subjects whose time has come, each by itself.
func (r *Runner) tryAgain(ctx context.Context, d *Detection, line time.Time) error {
	r.mu.Lock()
	due := r.state[d.ID].dueAgain(time.Now())
	r.mu.Unlock()
	for s, p := range due {
		err := r.evaluateOrCut(ctx, d, map[clickhouse.Subject]period{s: p}, line)
		some, rest := tooMuchOf(err)
		if rest != nil {
			return rest
		}
		if len(some) == 0 {
			if err := r.Recheck(ctx, []clickhouse.Recheck{{Detection: d.ID, Subject: s, First: p.from, Last: p.to, Reason: clickhouse.ReasonEvaluated}}); err != nil {
				return err
			}
		}
		r.mu.Lock()
		if len(some) == 0 {
			delete(r.state[d.ID].postponed, s)
		} else {
			o := r.state[d.ID].postponed[s]
			o.notBefore = time.Now().Add(min(longestPostponement, firstPostponement<<min(o.tries, 10)))
			o.tries++
			o.why = some[0].limit
		}
		r.mu.Unlock()
	}
	return nil
}

// tooMuchOf parts an error into the subjects that were too much for the engine and the rest.
func tooMuchOf(err error) (subjects []*tooMuchError, rest error) {
	switch e := err.(type) { //nolint:errorlint // the joined errors are parted, one by one
	case nil:
	case *tooMuchError:
		subjects = append(subjects, e)
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			some, other := tooMuchOf(part)
			subjects, rest = append(subjects, some...), cmp.Or(rest, other)
		}
	default:
		rest = err
	}
	return subjects, rest
}

// behindFor says whom the detection leaves out; empty when it leaves out nobody. r.mu is held.
func (p *progress) behindFor() string {
	if len(p.postponed) == 0 {
		return ""
	}
	s := slices.MinFunc(slices.Collect(maps.Keys(p.postponed)), func(a, b clickhouse.Subject) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	e := tooMuchError{limit: cmp.Or(p.postponed[s].why, "memory or time"), subject: s}
	text := e.public() + ", and it is tried again"
	if n := len(p.postponed) - 1; n > 0 {
		text += fmt.Sprintf("; so for %d more", n)
	}
	return text
}
