package server

import (
	"context"
	"time"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

type eventService struct {
	pb.UnimplementedEventServiceServer
	events EventReader
	tenant string
	now    func() time.Time
}

func (s *eventService) GetEvent(ctx context.Context, req *pb.GetEventRequest) (*pb.Event, error) {
	id, ok := translate.EventID(req.GetName())
	if !ok {
		const expected = "expected events/{event id}, percent-encoded where the id holds a slash or a percent sign"
		return nil, problem.Invalid("name: "+expected, problem.Violation{Field: "name", Description: expected})
	}
	if len(id) > event.MaxIDLength {
		return nil, fault.New(fault.NotFound, "there is no event %q", req.GetName())
	}
	e, err := s.events.GetEvent(ctx, s.tenant, id)
	if err != nil {
		return nil, err
	}
	return translate.Event(&e, s.now(), true), nil
}

func (s *eventService) ListEvents(ctx context.Context, req *pb.ListEventsRequest) (*pb.ListEventsResponse, error) {
	if err := checkSpan(req.GetFilter()); err != nil {
		return nil, err
	}
	query, err := token.NewQuery("events", s.tenant, req.GetFilter())
	if err != nil {
		return nil, err
	}
	after, _, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size, full := pageSize(req.GetPageSize()), req.GetView() == pb.EventView_EVENT_VIEW_FULL
	list, err := s.events.ListEvents(ctx, s.tenant, translate.EventFilter(req.GetFilter()),
		event.Cursor{Time: after.Time, ID: after.ID}, size+1, full)
	if err != nil {
		return nil, err
	}
	now, resp := s.now(), &pb.ListEventsResponse{}
	for i := range list[:min(len(list), size)] {
		resp.Events = append(resp.Events, translate.Event(&list[i], now, full))
	}
	resp.Events = resp.Events[:fitting(resp.GetEvents())]
	if n := len(resp.GetEvents()); n < len(list) {
		last := &list[n-1]
		resp.NextPageToken, err = query.Encode(token.Page{Time: last.Time, ID: last.ID})
	}
	return resp, err
}
