package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// deliveryLog is the alert log as a destination reads it.
type deliveryLog struct {
	*analytics.Log
	db     *clickhouse.DB
	tenant string
}

func (l deliveryLog) Newest(ctx context.Context, alertIDs []string, upTo uint64) ([]alert.Change, error) {
	return l.db.NewestChanges(ctx, l.tenant, alertIDs, upTo)
}

func (l deliveryLog) Severe(ctx context.Context, after, upTo uint64, limit int) ([]alert.Change, uint64, error) {
	page, err := l.db.SevereChanges(ctx, after, upTo, limit)
	if err != nil {
		return nil, 0, err
	}
	if len(page) == limit {
		upTo = page[limit-1].Sequence
	}
	return page, upTo, nil
}

func (s *deliveryStore) LoadSent(ctx context.Context, destination string, alertIDs []string) ([]exporters.Sent, error) {
	rows, err := s.db.Deliveries(ctx, destination, alertIDs)
	if err != nil {
		return nil, err
	}
	all := make([]exporters.Sent, len(rows))
	for i, r := range rows {
		all[i] = exporters.Sent(r)
	}
	return all, nil
}

func (s *deliveryStore) StoreSent(ctx context.Context, destination string, all []exporters.Sent) error {
	rows := make([]clickhouse.Delivery, len(all))
	for i, v := range all {
		rows[i] = clickhouse.Delivery(v)
	}
	return s.db.AddDeliveries(ctx, uuid.NewString(), destination, rows)
}

func (s *deliveryStore) ForgetSent(ctx context.Context, destination string, above uint64) error {
	return s.db.ForgetDeliveries(ctx, destination, above)
}
