package server

import (
	"context"
	"log/slog"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Feeds are the lists of addresses that are fetched.
type Feeds interface {
	// List returns the state of all, by name.
	List() []status.Feed
	// Refresh fetches a feed now and returns how that went; fault.NotFound when there is none of that name.
	Refresh(ctx context.Context, name string) (status.Feed, error)
	// Confirm takes the copy that is held; fault.InvalidArgument when none is.
	Confirm(ctx context.Context, name string) (status.Feed, error)
}

type feedService struct {
	pb.UnimplementedFeedServiceServer
	feeds  Feeds
	logger *slog.Logger
}

func (s *feedService) ListFeeds(context.Context, *pb.ListFeedsRequest) (*pb.ListFeedsResponse, error) {
	resp := &pb.ListFeedsResponse{}
	for _, f := range s.feeds.List() {
		resp.Feeds = append(resp.Feeds, translate.Feed(&f))
	}
	return resp, nil
}

func (s *feedService) RefreshFeed(ctx context.Context, req *pb.RefreshFeedRequest) (*pb.FeedStatus, error) {
	f, err := s.feeds.Refresh(ctx, strings.TrimPrefix(req.GetName(), translate.FeedPrefix))
	if err != nil {
		return nil, err
	}
	return translate.Feed(&f), nil
}

func (s *feedService) ConfirmFeed(ctx context.Context, req *pb.ConfirmFeedRequest) (*pb.FeedStatus, error) {
	f, err := s.feeds.Confirm(ctx, strings.TrimPrefix(req.GetName(), translate.FeedPrefix))
	if err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "a held copy of a feed was confirmed", slog.String("feed", f.Name))
	return translate.Feed(&f), nil
}
