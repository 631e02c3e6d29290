package server

import (
	"cmp"
	"context"
	"strings"
	"time"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/timeline"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Timelines tell what happened around a time.
type Timelines interface {
	// Timeline returns a page; it fails with fault.NotFound when nobody of that name is known.
	Timeline(ctx context.Context, q timeline.Query) (timeline.Timeline, error)
}

// hoursAround is how far a timeline goes when nobody says.
const hoursAround = 12

type timelineService struct {
	pb.UnimplementedTimelineServiceServer
	timelines Timelines
	tenant    string
	now       func() time.Time
	guide     func(*alert.Alert) alert.Guide
}

func (s *timelineService) GetUserTimeline(ctx context.Context, req *pb.GetUserTimelineRequest) (*pb.GetUserTimelineResponse, error) {
	if err := req.GetAroundTime().CheckValid(); err != nil {
		const expected = "expected a time from 0001-01-01 to 9999-12-31"
		return nil, problem.Invalid("aroundTime: "+expected, problem.Violation{Field: "aroundTime", Description: expected})
	}
	query, err := token.NewQuery("timeline", s.tenant, &pb.GetUserTimelineRequest{Name: req.GetName(), AroundTime: req.GetAroundTime(), Hours: req.GetHours()})
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	around, hours := req.GetAroundTime().AsTime(), time.Duration(cmp.Or(req.GetHours(), hoursAround))*time.Hour
	q := timeline.Query{User: strings.TrimPrefix(req.GetName(), translate.UserPrefix), From: around.Add(-hours), To: around.Add(hours), Limit: pageSize(req.GetPageSize())}
	if found {
		q.After = timeline.Position{Time: after.Time, Alert: after.Key == alertKey, ID: after.ID}
	}
	t, err := s.timelines.Timeline(ctx, q)
	if err != nil {
		return nil, err
	}
	resp := translate.Timeline(&t, s.now(), s.guide)
	resp.StartTime, resp.EndTime = translate.Timestamp(q.From), translate.Timestamp(q.To)
	n := fitting(resp.GetEntries())
	resp.Entries = resp.Entries[:n]
	if n < len(t.Entries) || t.More {
		p := t.Entries[n-1].Position()
		page := token.Page{Time: p.Time, ID: p.ID}
		if p.Alert {
			page.Key = alertKey
		}
		resp.NextPageToken, err = query.Encode(page)
	}
	return resp, err
}

// alertKey marks the position of an alert in a page token.
const alertKey = 1
