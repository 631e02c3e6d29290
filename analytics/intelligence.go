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
// both are durable. After an error it, Forget, and the next process finish what was begun.
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
	return r.recheckRanges(ctx)
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
	return n, r.recheckRanges(ctx)
}

// recheckRanges lets the dictionary know what was said about addresses since it was last done, and asks for a look at
// everybody who was there: also for what an earlier call stored that came no further.
func (r *Runner) recheckRanges(ctx context.Context) error {
	name := "intelligence/" + r.o.Tenant
	done, _, err := r.o.Store.LoadCheckpoint(ctx, name)
	if err != nil {
		return fmt.Errorf("analytics: ranges: %w", err)
	}
	last, err := r.o.Store.RangesChanged(ctx, r.o.Tenant, done.Position)
	if err != nil {
		return fmt.Errorf("analytics: ranges: %w", err)
	}
	if last == 0 {
		return nil
	}
	if err := r.o.Store.RebuildNetworks(ctx); err != nil {
		return fmt.Errorf("analytics: networks: %w", err)
	}
	if err := r.placeEvents(ctx, done.Position); err != nil {
		return err
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
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{name: done}); err != nil {
		return fmt.Errorf("analytics: ranges: %w", err)
	}
	return nil
}
