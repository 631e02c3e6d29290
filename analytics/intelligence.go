package analytics

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Know takes in what is said about addresses and lets the analysis look again at everybody who was there. It returns when
// both are durable.
func (r *Runner) Know(ctx context.Context, ranges []intelligence.Range) error {
	if len(ranges) == 0 {
		return nil
	}
	r.knowing.Lock()
	defer r.knowing.Unlock()
	var sources []string
	for i := range ranges {
		if ranges[i].Tenant != r.o.Tenant {
			return fmt.Errorf("analytics: range %s is of tenant %q, expected %q", ranges[i].Prefix, ranges[i].Tenant, r.o.Tenant)
		}
		sources = append(sources, ranges[i].Source)
	}
	if err := r.o.Store.AddRanges(ctx, ranges); err != nil {
		return fmt.Errorf("analytics: ranges: %w", err)
	}
	slices.Sort(sources)
	var again []clickhouse.Recheck
	for _, source := range slices.Compact(sources) {
		users, err := r.o.Store.UsersOfSource(ctx, r.o.Tenant, source)
		if err != nil {
			return fmt.Errorf("analytics: users at addresses of %s: %w", source, err)
		}
		for _, u := range users {
			again = append(again, clickhouse.Recheck{Subject: u.Subject, First: u.First, Last: u.Last, Reason: ReasonIntelligence})
		}
	}
	return r.Recheck(ctx, again)
}

// Forget takes back what a source says about prefixes, or about all when none is given, and lets the analysis look again
// at everybody who was there. It returns how many ranges there were, when that and the request are durable.
func (r *Runner) Forget(ctx context.Context, source string, prefixes []netip.Prefix) (int, error) {
	r.knowing.Lock()
	defer r.knowing.Unlock()
	// afterwards nothing tells whom it concerned
	users, err := r.o.Store.UsersOfSource(ctx, r.o.Tenant, source)
	if err != nil {
		return 0, fmt.Errorf("analytics: users at addresses of %s: %w", source, err)
	}
	// a caller that goes away in between must not keep the analysis from looking again
	ctx = context.WithoutCancel(ctx)
	n, err := r.o.Store.RemoveRanges(ctx, r.o.Tenant, source, prefixes)
	if err != nil || n == 0 {
		return n, err
	}
	again := make([]clickhouse.Recheck, 0, len(users))
	for _, u := range users {
		again = append(again, clickhouse.Recheck{Subject: u.Subject, First: u.First, Last: u.Last, Reason: ReasonIntelligence})
	}
	return n, r.Recheck(ctx, again)
}
