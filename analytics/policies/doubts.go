package policies

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// Doubts are the values of a policy that nothing has, as far as it is known: what can be without having been seen, the stored events,
// what is said of addresses, and the directory. The store is asked only where something is not known without it.
func (b *Book) Doubts(ctx context.Context, p *policy.Policy) ([]policy.Doubt, error) {
	doubts := p.Doubts(b.o.Known)
	if len(doubts) == 0 && !p.Names(Seen...) {
		return nil, nil
	}
	stored, err := b.o.Store.PolicyValues(ctx, b.o.Tenant)
	if err != nil {
		return nil, fmt.Errorf("policies: values that are known: %w", err)
	}
	return p.Doubts(Known(b.o.Known, stored)), nil
}

// Seen are the fields whose values are known from the stored events alone.
var Seen = []string{"action", "object", "property", "result", "channel", "source"}

// Known puts what is known together. Actions, objects and properties stand for their words, too.
func Known(all ...policy.Values) policy.Values {
	sum := policy.Values{}
	for _, values := range all {
		for field, some := range values {
			sum[field] = append(slices.Clip(sum[field]), some...)
		}
	}
	for _, field := range []string{"action", "object", "property"} {
		for _, value := range slices.Clone(sum[field]) {
			sum[field] = append(sum[field], camel.ReplaceAllString(value, "$1 $2"))
		}
	}
	for _, field := range slices.Collect(maps.Keys(sum)) {
		slices.Sort(sum[field])
		sum[field] = slices.Compact(sum[field])
	}
	return sum
}
