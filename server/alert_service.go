package server

import (
	"context"
	"log/slog"
	"strings"
	"time"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

type alertService struct {
	pb.UnimplementedAlertServiceServer
	alerts AlertReader
	desk   Desk
	// incidents may be nil.
	incidents Incidents
	changes   ChangeLog
	// detections are those that a filter may name.
	detections Detections
	tenant     string
	log        token.Log
	watermark  func() time.Time
	guide      func(*alert.Alert) alert.Guide
	// hub is who reads the changes.
	hub    *fanout.Hub
	oldest oldestChange
	// stallTimeout is how long a stream may wait for its reader.
	stallTimeout time.Duration
	logger       *slog.Logger
	// draining ends when the server does.
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func (s *alertService) GetAlert(ctx context.Context, req *pb.GetAlertRequest) (*pb.Alert, error) {
	a, err := s.alerts.GetAlert(ctx, s.tenant, strings.TrimPrefix(req.GetName(), translate.AlertPrefix))
	if err != nil {
		return nil, err
	}
	m := translate.Alert(&a, s.guide(&a))
	return m, s.withIncidents(ctx, m)
}

func (s *alertService) ListAlerts(ctx context.Context, req *pb.ListAlertsRequest) (*pb.ListAlertsResponse, error) {
	order, err := alertOrder(req.GetOrderBy())
	if err != nil {
		return nil, err
	}
	query, err := token.NewQuery("alerts", s.tenant, &pb.ListAlertsRequest{Filter: req.GetFilter(), OrderBy: req.GetOrderBy()})
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	filter, at, err := s.filterAt(ctx, req.GetFilter(), after.Head)
	if err != nil {
		return nil, err
	}
	// An alert that grows moves to the front of the list. All pages show the alerts as they were at the first one, so
	// that none moves past the reader.
	head := s.changes.Head()
	switch {
	case after.Head > head:
		return nil, token.Foreign()
	case found:
		head = after.Head
	case at > 0: // with the incidents as they were then
		head = at
	}
	size := pageSize(req.GetPageSize())
	total := 0
	list, more, err := alert.Page(order, alert.Cursor{Key: after.Key, ID: after.ID}, size+1, maxPageBytes, func(after alert.Cursor, limit int) ([]alert.Alert, error) {
		step, n, err := s.alerts.ListAlerts(ctx, s.tenant, filter, order, head, after, limit)
		total = n
		return step, err
	})
	if err != nil {
		return nil, err
	}
	resp := &pb.ListAlertsResponse{TotalSize: translate.Count(total)}
	for i := range list[:min(len(list), size)] {
		resp.Alerts = append(resp.Alerts, translate.Alert(&list[i], s.guide(&list[i])))
	}
	resp.Alerts = resp.Alerts[:fitting(resp.GetAlerts())]
	if n := len(resp.GetAlerts()); n < len(list) || more {
		last := &list[n-1]
		if resp.NextPageToken, err = query.Encode(token.Page{Key: order.Key(last), ID: last.ID, Head: head}); err != nil {
			return nil, err
		}
	}
	return resp, s.withIncidents(ctx, resp.GetAlerts()...)
}
