package analytics

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Know takes in what is said about addresses and lets the analysis look again at everybody who was there. It returns when
// both are durable; events are put where the operator's ranges say after that, which the status tells of. After an error it, Forget, Run and
// the next process finish what was begun.
func (r *Runner) Know(ctx context.Context, ranges []intelligence.Range) error {
	ranges = slices.Clone(ranges)
	for i := range ranges {
		ranges[i].Prefix = intelligence.Canonical(ranges[i].Prefix)
		if ranges[i].Tenant != r.o.Tenant {
			return fmt.Errorf("analytics: range %s is of tenant %q, expected %q", ranges[i].Prefix, ranges[i].Tenant, r.o.Tenant)
		}
		if ranges[i].Source != intelligence.OperatorSource && ranges[i].Override != (intelligence.Override{}) {
			return fmt.Errorf("analytics: range %s of %s says where addresses are or who runs them; expected that of the operator alone", ranges[i].Prefix, ranges[i].Source)
		}
	}
	r.knowing.Lock()
	defer r.knowing.Unlock()
	if len(ranges) > 0 {
		// a caller that goes away in between must not keep the analysis from looking again
		ctx = context.WithoutCancel(ctx)
		if err := r.o.Store.AddRanges(ctx, ranges); err != nil {
			return fmt.Errorf("analytics: ranges: %w", err)
		}
	}
	err := r.recheckRanges(ctx)
	if err != nil || slices.ContainsFunc(ranges, func(x intelligence.Range) bool { return x.Source == intelligence.OperatorSource }) {
		r.rangesSaid()
	}
	return err
}

// Forget takes back what a source says about prefixes, or about all when none is given, and lets the analysis look again
// at everybody who was there. It returns how many ranges there were, when that and the request are durable. A call after an
// error finds none of what was taken back already, and finishes what was begun.
func (r *Runner) Forget(ctx context.Context, source string, prefixes []netip.Prefix) (int, error) {
	r.knowing.Lock()
	defer r.knowing.Unlock()
	ctx = context.WithoutCancel(ctx)
	n, err := r.o.Store.RemoveRanges(ctx, r.o.Tenant, source, prefixes)
	if err != nil {
		return n, fmt.Errorf("analytics: ranges: %w", err)
	}
	err = r.recheckRanges(ctx)
	if err != nil || source == intelligence.OperatorSource {
		r.rangesSaid()
	}
	return n, err
}

// recheckRanges lets the dictionary know what was said about addresses since it was last done, and asks for a look at
// everybody who was there: also for what an earlier call stored that came no further.
func (r *Runner) recheckRanges(ctx context.Context) error {
	done, last, err := r.rangesDue(ctx)
	if err != nil || last == 0 {
		return err
	}
	if err := r.o.Store.RebuildNetworks(ctx); err != nil {
		return fmt.Errorf("analytics: networks: %w", err)
	}
	users, err := r.o.Store.UsersOfRanges(ctx, r.o.Tenant, done.Position)
	if err != nil {
		return fmt.Errorf("analytics: users at addresses: %w", err)
	}
	again := make([]clickhouse.Recheck, len(users))
	for i, u := range users {
		again[i] = clickhouse.Recheck{Subject: u.Subject, First: u.First, Last: u.Last, Reason: ReasonIntelligence}
	}
	if err := r.Recheck(ctx, again); err != nil {
		return err
	}
	done.Position = last
	done.Version++
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.rangesName(): done}); err != nil {
		return fmt.Errorf("analytics: ranges: %w", err)
	}
	return nil
}

func (r *Runner) rangesName() string { return "intelligence/" + r.o.Tenant }

// rangesDue are up to where the dictionary and the analysis know the ranges, and the version of the last one; 0 when they know all.
func (r *Runner) rangesDue(ctx context.Context) (done clickhouse.Checkpoint, last uint64, err error) {
	done, _, err = r.o.Store.LoadCheckpoint(ctx, r.rangesName())
	if err == nil {
		last, err = r.o.Store.RangesChanged(ctx, r.o.Tenant, done.Position)
	}
	if err != nil {
		return done, 0, fmt.Errorf("analytics: ranges: %w", err)
	}
	return done, last, nil
}
