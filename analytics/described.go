package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// describeEvery is the least time between two rounds of descriptions: a subject that acts all the time does not let its
// alerts be described all the time.
const describeEvery = time.Second

func (r *Runner) describedName() string { return "context/" + r.o.Tenant }
func (r *Runner) passedName() string    { return "context-passed/" + r.o.Tenant }
func (r *Runner) toldName() string      { return "context-recheck/" + r.o.Tenant }

func (r *Runner) calledName() string { return "context-applications/" + r.o.Tenant }

func (r *Runner) loadDescribed(ctx context.Context) error {
	all, err := r.o.Store.LoadCheckpoints(ctx, []string{r.describedName(), r.passedName(), r.toldName()})
	if err != nil {
		return fmt.Errorf("analytics: context of alerts: %w", err)
	}
	r.described, r.passed, r.toldOf = all[r.describedName()], all[r.passedName()], all[r.toldName()]
	return nil
}

func (r *Runner) storeDescribed(ctx context.Context, described, passed, toldOf clickhouse.Checkpoint) error {
	return r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.describedName(): described, r.passedName(): passed, r.toldName(): toldOf})
}

// settled is the recheck up to which every detection is done: an alert that is being evaluated may have been described
// with what the directory said before.
func (r *Runner) settled() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := r.asked.Load()
	for _, p := range r.state {
		done = min(done, p.rechecked.Position)
	}
	return done
}

// news returns the subjects of whom the directory had something new, or whose events were put elsewhere, after the recheck, and the last recheck looked at.
func (r *Runner) news(ctx context.Context, after uint64) ([]clickhouse.Span, uint64, error) {
	settled := r.settled()
	if after >= settled {
		return nil, after, nil
	}
	all, err := r.o.Store.Rechecks(ctx, r.o.Tenant, after)
	if err != nil {
		return nil, after, err
	}
	all = slices.DeleteFunc(all, func(c clickhouse.Recheck) bool { return c.Sequence > settled })
	if len(all) == 0 {
		return nil, settled, nil
	}
	var spans []clickhouse.Span
	for _, c := range all {
		if (c.Reason == ReasonDirectory || c.Reason == ReasonPlaces) && c.ID != "" {
			spans = append(spans, clickhouse.Span{Subject: c.Subject, First: c.First, Last: c.Last})
		}
	}
	return spans, all[len(all)-1].Sequence, nil
}

// keepDescribed describes alerts again when the analysis has come further, until ctx ends. It runs beside the rounds, so that
// no new alert waits for the context of an old one.
func (r *Runner) keepDescribed(ctx context.Context, analysed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-analysed:
		}
		err := r.redescribe(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "analysis: alerts could not be described; it is tried again", slog.Any("error", err))
		}
		r.mu.Lock()
		r.describeError = public(err)
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(describeEvery):
		}
	}
}
