package server

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// ExceptionBook keeps what people said about alerts that were none.
type ExceptionBook interface {
	// CreateException returns when the exception is durable and the analysis has been asked to look again. What is wrong
	// with the request comes back as fault.InvalidArgument, an alert that does not exist as fault.NotFound.
	CreateException(ctx context.Context, q alert.ExceptionRequest) (alert.Exception, error)
	// GetException returns an exception, removed or not, or fault.NotFound.
	GetException(ctx context.Context, id string) (alert.Exception, error)
	// ListExceptions returns all of the detections, of all when none is given, the newest first, then by id, both descending.
	ListExceptions(ctx context.Context, detections []string, removed bool) ([]alert.Exception, error)
	// DeleteException takes an exception back; one that was taken back already stays as it is.
	DeleteException(ctx context.Context, id, author string) error
}

type exceptionService struct {
	pb.UnimplementedExceptionServiceServer
	book ExceptionBook
	// detections are those that a filter may name.
	detections Detections
	tenant     string
	logger     *slog.Logger
}

func (s *exceptionService) CreateException(ctx context.Context, req *pb.CreateExceptionRequest) (*pb.Exception, error) {
	q := translate.ExceptionRequest(req)
	q.Author = caller(ctx, q.Author)
	e, err := s.book.CreateException(ctx, q)
	if err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "an exception was made", slog.String("exception", e.ID), slog.String("detection", e.Detection), slog.String("alert", e.AlertID), slog.String("author", e.Author))
	return translate.Exception(&e), nil
}

func (s *exceptionService) GetException(ctx context.Context, req *pb.GetExceptionRequest) (*pb.Exception, error) {
	e, err := s.book.GetException(ctx, strings.TrimPrefix(req.GetName(), translate.ExceptionPrefix))
	if err != nil {
		return nil, err
	}
	return translate.Exception(&e), nil
}

func (s *exceptionService) ListExceptions(ctx context.Context, req *pb.ListExceptionsRequest) (*pb.ListExceptionsResponse, error) {
	if err := checkFormer(s.detections, "detections", req.GetDetections()); err != nil {
		return nil, err
	}
	query, err := token.NewQuery("exceptions", s.tenant, &pb.ListExceptionsRequest{Detections: req.GetDetections(), ShowRemoved: req.GetShowRemoved()})
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	list, err := s.book.ListExceptions(ctx, req.GetDetections(), req.GetShowRemoved())
	if err != nil {
		return nil, err
	}
	if found {
		i := slices.IndexFunc(list, func(e alert.Exception) bool {
			return cmp.Or(after.Time.Compare(e.Created), cmp.Compare(after.ID, e.ID)) > 0
		})
		if i < 0 {
			i = len(list)
		}
		list = list[i:]
	}
	size := pageSize(req.GetPageSize())
	resp := &pb.ListExceptionsResponse{}
	for i := range list[:min(len(list), size)] {
		resp.Exceptions = append(resp.Exceptions, translate.Exception(&list[i]))
	}
	if len(list) > size {
		resp.NextPageToken, err = query.Encode(token.Page{Time: list[size-1].Created, ID: list[size-1].ID})
	}
	return resp, err
}

func (s *exceptionService) DeleteException(ctx context.Context, req *pb.DeleteExceptionRequest) (*emptypb.Empty, error) {
	id, author := strings.TrimPrefix(req.GetName(), translate.ExceptionPrefix), caller(ctx, req.GetAuthor())
	if err := s.book.DeleteException(ctx, id, author); err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "an exception was taken back", slog.String("exception", id), slog.String("author", author))
	return &emptypb.Empty{}, nil
}
