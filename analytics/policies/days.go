package policies

import (
	"context"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/status"
)

// shownDays are how far back Days looks.
const shownDays = 30

// Days are how many findings each policy had on those of the last thirty days before the newest event on which there were some, by id.
func (b *Book) Days(ctx context.Context) (map[string][]policy.Day, error) {
	newest := b.o.Analysis.Watermark()
	if newest.IsZero() {
		return nil, nil
	}
	var detections []string
	for _, p := range b.Policies() {
		detections = append(detections, p.DetectionID())
	}
	days, err := b.o.Store.PolicyDays(ctx, b.o.Tenant, detections, newest.Truncate(day).Add(-shownDays*day))
	byID := make(map[string][]policy.Day, len(days))
	for detection, some := range days {
		byID[strings.TrimPrefix(detection, policy.DetectionPrefix)] = some
	}
	return byID, err
}

// Limited are the policies that were over their limit on one of the last thirty days before the newest event, with those days.
func (b *Book) Limited(ctx context.Context) ([]status.LimitedPolicy, error) {
	days, err := b.Days(ctx)
	if err != nil {
		return nil, err
	}
	var all []status.LimitedPolicy
	for _, p := range b.Policies() {
		over := slices.DeleteFunc(days[p.ID], func(d policy.Day) bool { return d.OverLimit == 0 })
		if len(over) > 0 {
			all = append(all, status.LimitedPolicy{ID: p.ID, Title: p.Name, Limit: p.Limit(), Days: over})
		}
	}
	return all, nil
}
