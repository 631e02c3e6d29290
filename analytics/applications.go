package analytics

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// callApplications describes the alerts that tell of an application again, once, when the configuration calls some otherwise than at the last start.
// It belongs to who describes.
func (r *Runner) callApplications(ctx context.Context) error {
	if r.called.Load() {
		return nil
	}
	then, known, err := r.o.Store.LoadCheckpoint(ctx, r.calledName())
	if err != nil {
		return fmt.Errorf("analytics: names of applications: %w", err)
	}
	keys := slices.Sorted(maps.Keys(r.o.Applications))
	sum := fnv.New64a()
	for _, key := range keys {
		_, _ = fmt.Fprintf(sum, "%q %q\n", key, r.o.Applications[key]) // a hash takes everything
	}
	now := sum.Sum64()
	if known && then.Position == now || !known && len(keys) == 0 {
		r.called.Store(true)
		return nil
	}
	line := r.line()
	for part := range slices.Chunk(keys, maxDescribed) {
		due, err := r.o.Store.AlertsDue(ctx, r.o.Tenant, part, time.Unix(0, 0), line, time.Time{}, time.Time{}, math.MaxInt32)
		if err != nil {
			return fmt.Errorf("analytics: alerts about applications: %w", err)
		}
		others, err := r.o.Store.AlertsMentioning(ctx, r.o.Tenant, part, duePage)
		if err != nil {
			return fmt.Errorf("analytics: alerts that tell of applications: %w", err)
		}
		due = r.retained(append(due, others...))
		for some := range slices.Chunk(due, maxDescribed) {
			if err := r.redescribeAlerts(ctx, some, line); err != nil {
				return err
			}
		}
	}
	then.Position = now
	then.Version++
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.calledName(): then}); err != nil {
		return fmt.Errorf("analytics: names of applications: %w", err)
	}
	r.called.Store(true)
	return nil
}

// retained are the alerts of which no event may have expired: what they tell is not made anew of what is left.
func (r *Runner) retained(all []alert.Alert) []alert.Alert {
	if r.o.Retention == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(a alert.Alert) bool { return a.Start.Before(r.o.Clock().Add(-r.o.Retention)) })
}
