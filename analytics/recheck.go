package analytics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// Reasons of a recheck that concern only detections with that input.
const (
	ReasonIntelligence = "intelligence"
	ReasonDirectory    = "directory"
)

// Recheck lets the analysis look again at subjects, because something else than an event changed: the directory, the
// intelligence about addresses, a person's feedback. It returns when the request is durable; the sequences are given here.
func (r *Runner) Recheck(ctx context.Context, all []clickhouse.Recheck) error {
	if len(all) == 0 {
		return nil
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	// What an earlier call stored without learning of it has its sequences, too.
	last, err := r.o.Store.LastRecheck(ctx)
	if err != nil {
		return fmt.Errorf("analytics: rechecks: %w", err)
	}
	for i := range all {
		last++
		all[i].Sequence = last
	}
	if err := r.o.Store.AddRechecks(ctx, uuid.NewString(), r.o.Tenant, all); err != nil {
		return fmt.Errorf("analytics: rechecks: %w", err)
	}
	r.asked.Store(last)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}

func (r *Runner) recheckName(detection string) string {
	return "recheck/" + r.o.Tenant + "/" + detection
}

// recheck does for one detection what was asked for since it was last here.
func (r *Runner) recheck(ctx context.Context, d *Detection, line time.Time) error {
	r.mu.Lock()
	done := r.state[d.ID].rechecked
	r.mu.Unlock()
	for done.Position < r.asked.Load() {
		asked, err := r.o.Store.Rechecks(ctx, r.o.Tenant, done.Position)
		if err != nil {
			return err
		}
		next := r.asked.Load()
		if len(asked) > 0 {
			next = asked[len(asked)-1].Sequence
		}
		periods, err := r.asks(ctx, d, asked, line)
		if err != nil {
			return err
		}
		if err := r.evaluateAll(ctx, d, periods, line); err != nil {
			return err
		}
		done.Position = next
		done.Version++
		if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.recheckName(d.ID): done}); err != nil {
			return err
		}
		r.mu.Lock()
		r.state[d.ID].rechecked = done
		r.mu.Unlock()
	}
	return nil
}

// asks are the subjects and periods that rechecks ask a detection for.
func (r *Runner) asks(ctx context.Context, d *Detection, all []clickhouse.Recheck, line time.Time) (map[clickhouse.Subject]period, error) {
	l := r.lineage(d.ID)
	// the directory says who has made an exception, which does not cover them
	excepted := slices.ContainsFunc(r.ExceptionsOf(d.ID), func(e alert.Exception) bool { return !e.Removed })
	periods := make(map[clickhouse.Subject]period)
	var moved []clickhouse.Span
	for _, c := range all {
		if c.Reason == ReasonPlaces && c.Detection == "" {
			moved = append(moved, clickhouse.Span{Subject: c.Subject, First: c.First, Last: c.Last})
			continue
		}
		if c.Detection != "" && c.Detection != d.ID || c.Reason == clickhouse.ReasonTooMuch || c.Reason == clickhouse.ReasonEvaluated || c.Reason == reasonPlacing {
			continue
		}
		for i := range l.reigns {
			v := &l.reigns[i]
			if !v.concerns(c.Reason) && (c.Reason != ReasonDirectory || !excepted) || !v.reached(c.First, c.Last) || v.off() && !strings.HasPrefix(c.Reason, reevaluationReason) {
				continue
			}
			if c.ID != "" {
				spans := []clickhouse.Span{{Subject: c.Subject, First: c.First, Last: c.Last}}
				asked(periods, v.version, c, spans)
				if v.inputs.Follow && c.Type == "user" {
					others, err := r.affected(ctx, v.version, spans, line)
					if err != nil {
						return nil, err
					}
					concerned(periods, v.version, others)
				}
				continue
			}
			every, err := r.everybody(ctx, d, v.version, c)
			if err != nil {
				return nil, err
			}
			for k := range every {
				every[k].First, every[k].Last = c.First, c.Last
			}
			asked(periods, v.version, c, every)
		}
	}
	return periods, r.asksPlaces(ctx, d, periods, moved, line)
}

// everybody are the subjects that can have findings, or have alerts, where a recheck is about all.
func (r *Runner) everybody(ctx context.Context, d *Detection, v *version, c clickhouse.Recheck) ([]clickhouse.Span, error) {
	every, err := r.o.Store.SubjectsBetween(ctx, r.o.Tenant, v.Subjects, c.First.Add(-v.LookAhead), c.Last.Add(v.LookBack))
	if err != nil {
		return nil, err
	}
	known := make(map[clickhouse.Subject]bool, len(every))
	for _, s := range every {
		known[s.Subject] = true
	}
	add := func(s clickhouse.Subject) {
		if !known[s] {
			known[s] = true
			every = append(every, clickhouse.Span{Subject: s})
		}
	}
	for t, ids := range d.Collective {
		for _, id := range ids {
			add(clickhouse.Subject{Type: t, ID: id})
		}
	}
	// the events of an alert may be gone
	standing, err := r.o.Store.AlertsAnchored(ctx, r.o.Tenant, d.ID, c.First, c.Last.Add(tick))
	if err != nil {
		return nil, err
	}
	for i := range standing {
		if !standing[i].Retracted {
			add(subjectOf(standing[i].Subject))
		}
	}
	return every, nil
}

// asked adds the anchors that a recheck is about: for another version or an exception those of its span alone, and otherwise all
// that something new in the span can change.
func asked(periods map[clickhouse.Subject]period, v *version, c clickhouse.Recheck, spans []clickhouse.Span) {
	if !strings.HasPrefix(c.Reason, reevaluationReason) && !strings.HasPrefix(c.Reason, exceptionRecheck) {
		concerned(periods, v, spans)
		return
	}
	for _, s := range spans {
		if !slices.Contains(v.Subjects, s.Type) {
			continue
		}
		if p, ok := periods[s.Subject]; ok {
			periods[s.Subject] = p.union(c.First, c.Last)
		} else {
			periods[s.Subject] = period{c.First, c.Last}
		}
	}
}
