package app

import (
	"context"
	"log/slog"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// namedAlerts are the alerts as people read them: also those that have no context, as the suppressed ones, speak of people by name.
type namedAlerts struct {
	db     *clickhouse.DB
	runner *analytics.Runner
	log    *slog.Logger
}

// GetAlert fails with fault.NotFound when there is none.
func (n namedAlerts) GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error) {
	a, err := n.db.GetAlert(ctx, tenant, id)
	if err != nil {
		return a, err
	}
	one := []alert.Alert{a}
	n.name(ctx, one)
	return one[0], nil
}

// ListAlerts is that of the database.
func (n namedAlerts) ListAlerts(ctx context.Context, tenant string, f alert.Filter, o alert.Order, head uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error) {
	page, total, err := n.db.ListAlerts(ctx, tenant, f, o, head, after, limit)
	if err == nil {
		n.name(ctx, page)
	}
	return page, total, err
}

// name leaves the ids where who they are cannot be looked up.
func (n namedAlerts) name(ctx context.Context, alerts []alert.Alert) {
	if err := n.runner.NameAlerts(ctx, alerts); err != nil && ctx.Err() == nil {
		n.log.WarnContext(ctx, "alerts are shown with ids in the place of names", slog.Any("error", err))
	}
}
