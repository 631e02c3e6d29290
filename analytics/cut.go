package analytics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// tooMuchError says that an evaluation cannot be cut any further and still needs more than the engine gives it.
type tooMuchError struct {
	limit   string
	subject clickhouse.Subject
	err     error
}

func (e *tooMuchError) Error() string { return e.public() + ": " + e.err.Error() }

func (e *tooMuchError) Unwrap() error { return e.err }

func (e *tooMuchError) public() string {
	return fmt.Sprintf("the query for %s %s alone exceeds the engine's limit of %s; the others were evaluated", e.subject.Type, e.subject.ID, e.limit)
}

// evaluateOrCut evaluates a group of subjects. Where that is too much for the engine, the halves are evaluated, so that
// one subject with a flood of events keeps nobody else waiting; the error names those that were too much by themselves.
func (r *Runner) evaluateOrCut(ctx context.Context, d *Detection, group map[clickhouse.Subject]period, line time.Time) error {
	err := r.evaluate(ctx, d, group, line)
	limit := r.tooMuch(err)
	if limit == "" || ctx.Err() != nil {
		return err
	}
	subjects := slices.SortedFunc(maps.Keys(group), func(a, b clickhouse.Subject) int { return strings.Compare(a.Type+a.ID, b.Type+b.ID) })
	if len(subjects) == 1 {
		return &tooMuchError{limit, subjects[0], err}
	}
	var all error
	for _, half := range [][]clickhouse.Subject{subjects[:len(subjects)/2], subjects[len(subjects)/2:]} {
		part := make(map[clickhouse.Subject]period, len(half))
		for _, s := range half {
			part[s] = group[s]
		}
		all = errors.Join(all, r.evaluateOrCut(ctx, d, part, line))
	}
	return all
}

// findingsOrCut calls a view for a period. Where that is too much for one subject, the halves of the period are asked
// for; a finding that goes on beyond its half is asked for again with a period that holds it.
func (r *Runner) findingsOrCut(ctx context.Context, c clickhouse.Call) ([]alert.Finding, error) {
	all, err := r.o.Store.Findings(ctx, c)
	length := c.To.Sub(c.From)
	if r.tooMuch(err) == "" || len(c.Subjects) != 1 || length <= shortest || ctx.Err() != nil {
		return all, err
	}
	middle := c.From.Add(length / 2).Truncate(time.Second)
	early, late := c, c
	early.To, late.From = middle.Add(-tick), middle
	if all, err = r.findingsOrCut(ctx, early); err != nil {
		return nil, err
	}
	for i := range all {
		for reach := early.To; !all[i].End.Before(reach) && reach.Before(c.To); {
			again := c
			again.From, again.To = all[i].Anchor, all[i].End.Add(tick)
			if again.To.After(c.To) {
				again.To = c.To
			}
			reach = again.To
			grown, err := r.o.Store.Findings(ctx, again)
			if err != nil {
				return nil, err
			}
			if k := slices.IndexFunc(grown, func(f alert.Finding) bool { return f.AlertID() == all[i].AlertID() }); k >= 0 {
				all[i] = grown[k]
			}
		}
	}
	rest, err := r.findingsOrCut(ctx, late)
	return append(all, rest...), err
}
