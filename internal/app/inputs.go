package app

import (
	"context"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/status"
)

// inputsSince is how far before the newest event the inputs of a detection are counted.
const inputsSince = 7 * 24 * time.Hour

// inputs says what detections had to work with.
type inputs struct {
	db         *clickhouse.DB
	runner     *analytics.Runner
	detections []analytics.Detection
	policies   *policies.Book
	tenant     string
}

// Inputs counts up to the newest event that was analysed, not up to now: an import of last year's history shows what it has.
func (s *inputs) Inputs(ctx context.Context, detection string) ([]status.Input, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	seen := map[clickhouse.Input]clickhouse.InputCount{}
	var unknown []status.UnknownActivity
	if newest := s.runner.Watermark(); !newest.IsZero() {
		var err error
		if seen, err = s.db.InputCounts(ctx, s.tenant, newest.Add(-inputsSince), newest); err != nil {
			return nil, err
		}
		if unknown, err = s.db.UnknownActivities(ctx, newest.Add(-inputsSince)); err != nil {
			return nil, err
		}
	}
	for _, d := range slices.Concat(s.detections, s.policies.Detections()) {
		if d.ID == detection {
			return d.InputsSeen(seen, unknown), nil
		}
	}
	return nil, nil
}
