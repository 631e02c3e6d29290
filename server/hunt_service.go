package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Hunter answers questions in SQL, and keeps those that are asked again. What the engine has against a statement is a *hunt.Error.
type Hunter interface {
	// Query gives the result of a statement to a sink.
	Query(ctx context.Context, q hunt.Query, sink hunt.Sink) error
	// RunHunt does so for a saved hunt; q has no statement.
	RunHunt(ctx context.Context, id string, q hunt.Query, sink hunt.Sink) error
	// Hunts are all saved hunts by id.
	Hunts(ctx context.Context) ([]hunt.Saved, error)
	Hunt(ctx context.Context, id string) (hunt.Saved, error)
	CreateHunt(ctx context.Context, s hunt.Saved) (hunt.Saved, error)
	// UpdateHunt takes the revision that the caller has seen; 0 takes any.
	UpdateHunt(ctx context.Context, s hunt.Saved, revision uint64) (hunt.Saved, error)
	DeleteHunt(ctx context.Context, id, author string) error
}

type huntService struct {
	pb.UnimplementedHuntServiceServer
	hunter Hunter
	tenant string
	logger *slog.Logger
	// draining ends when the server does.
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func (s *huntService) Query(req *pb.QueryRequest, stream grpc.ServerStreamingServer[pb.QueryResponse]) error {
	return s.answer(stream.Context(), func(ctx context.Context) error {
		return s.query(ctx, req, huntSink{send: func(m *pb.QueryResponse) error { return stream.Send(m) }, frame: func(b []byte) error { return stream.SendMsg(fanout.Encoded(b)) }})
	})
}

func (s *huntService) query(ctx context.Context, req *pb.QueryRequest, sink hunt.Sink) error {
	return s.hunter.Query(ctx, translate.HuntQuery(req), sink)
}

func (s *huntService) RunHunt(req *pb.RunHuntRequest, stream grpc.ServerStreamingServer[pb.RunHuntResponse]) error {
	return s.answer(stream.Context(), func(ctx context.Context) error {
		return s.run(ctx, req, huntSink{
			send:  func(m *pb.QueryResponse) error { return stream.Send(&pb.RunHuntResponse{Part: m}) },
			frame: func(b []byte) error { return stream.SendMsg(fanout.Encoded(translate.HuntPart(b))) },
		})
	})
}

func (s *huntService) run(ctx context.Context, req *pb.RunHuntRequest, sink hunt.Sink) error {
	q := &pb.QueryRequest{Parameters: req.GetParameters(), Limits: req.GetLimits(), Format: req.GetFormat(), Author: req.GetAuthor()}
	return s.hunter.RunHunt(ctx, huntID(req.GetName()), translate.HuntQuery(q), sink)
}

// answer runs a hunt that ends with the call or the server.
func (s *huntService) answer(call context.Context, hunts func(context.Context) error) error {
	ctx, cancel := endWith(call, s.draining)
	defer cancel()
	err := hunts(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; ask again")
		f.RetryAfter = time.Second
		return f
	}
	return huntProblem(err)
}

// huntProblem is what the engine has against a statement as the client is told.
func huntProblem(err error) error {
	var e *hunt.Error
	if !errors.As(err, &e) {
		return err
	}
	reason, retry := fault.SQLFailed, time.Duration(0)
	switch {
	case e.Refused():
		reason = fault.SQLRefused
	case e.Limited():
		reason = fault.LimitExceeded
	case e.Crowded():
		reason, retry = fault.TooManyHunts, time.Second
	case e.Ended():
		return context.Canceled
	}
	f := fault.New(reason, "%s", translate.Text(e.Text))
	f.RetryAfter = retry
	metadata := map[string]string{"code": strconv.Itoa(e.Code), "name": e.Name}
	if e.Position > 0 {
		metadata["position"] = strconv.Itoa(e.Position)
	}
	if e.Line > 0 {
		metadata["line"], metadata["column"] = strconv.Itoa(e.Line), strconv.Itoa(e.Column)
	}
	return quiet{problem.WithMetadata(f, metadata), e}
}

// quiet is an error of the engine, whose text may hold values: the client is told it, and the log is not.
type quiet struct {
	error
	said *hunt.Error
}

// Error is for the log.
func (q quiet) Error() string { return fmt.Sprintf("%s (code %d)", q.said.Name, q.said.Code) }

// Unwrap is for the client.
func (q quiet) Unwrap() error { return q.error }

// huntSink sends a result as messages.
type huntSink struct {
	send func(*pb.QueryResponse) error
	// frame sends a QueryResponse that is encoded already.
	frame func([]byte) error
}

func (s huntSink) Columns(columns []hunt.Column) error {
	return s.send(&pb.QueryResponse{Content: &pb.QueryResponse_Columns{Columns: translate.HuntColumns(columns)}})
}

func (s huntSink) Rows(rows []json.RawMessage) error {
	b, err := translate.HuntRows(rows)
	if err != nil {
		return err
	}
	return s.frame(b)
}

func (s huntSink) Data(b []byte) error {
	return s.send(&pb.QueryResponse{Content: &pb.QueryResponse_Data{Data: b}})
}

func (s huntSink) Progress(p hunt.Progress) error {
	return s.send(&pb.QueryResponse{Content: &pb.QueryResponse_Progress{Progress: translate.HuntProgress(p)}})
}

func (s huntSink) Summary(v hunt.Summary) error {
	return s.send(&pb.QueryResponse{Content: &pb.QueryResponse_Summary{Summary: translate.HuntSummary(v)}})
}

func huntID(name string) string { return strings.TrimPrefix(name, translate.HuntPrefix) }

func (s *huntService) GetHunt(ctx context.Context, req *pb.GetHuntRequest) (*pb.Hunt, error) {
	h, err := s.hunter.Hunt(ctx, huntID(req.GetName()))
	if err != nil {
		return nil, err
	}
	return translate.Hunt(&h), nil
}

func (s *huntService) ListHunts(ctx context.Context, req *pb.ListHuntsRequest) (*pb.ListHuntsResponse, error) {
	query, err := token.NewQuery("hunts", s.tenant, &pb.ListHuntsRequest{})
	if err != nil {
		return nil, err
	}
	after, _, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	list, err := s.hunter.Hunts(ctx)
	if err != nil {
		return nil, err
	}
	for len(list) > 0 && list[0].ID <= after.ID {
		list = list[1:]
	}
	size := pageSize(req.GetPageSize())
	resp := &pb.ListHuntsResponse{}
	for i := range list[:min(len(list), size)] {
		resp.Hunts = append(resp.Hunts, translate.Hunt(&list[i]))
	}
	if len(list) > size {
		resp.NextPageToken, err = query.Encode(token.Page{ID: list[size-1].ID})
	}
	return resp, err
}

func (s *huntService) CreateHunt(ctx context.Context, req *pb.CreateHuntRequest) (*pb.Hunt, error) {
	h, err := s.hunter.CreateHunt(ctx, translate.SavedHunt(req.GetHunt()))
	return s.changed(ctx, "a hunt was saved", &h, err)
}

func (s *huntService) UpdateHunt(ctx context.Context, req *pb.UpdateHuntRequest) (*pb.Hunt, error) {
	var revision uint64
	if etag := req.GetHunt().GetEtag(); etag != "" {
		var err error
		if revision, err = strconv.ParseUint(etag, 10, 64); err != nil {
			return nil, fault.New(fault.InvalidArgument, "hunt.etag: found %q, expected one that an answer had", etag)
		}
	}
	h, err := s.hunter.UpdateHunt(ctx, translate.SavedHunt(req.GetHunt()), revision)
	return s.changed(ctx, "a hunt was changed", &h, err)
}

func (s *huntService) changed(ctx context.Context, what string, h *hunt.Saved, err error) (*pb.Hunt, error) {
	if err != nil {
		return nil, huntProblem(err)
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, what, slog.String("hunt", h.ID), slog.String("author", h.Author))
	return translate.Hunt(h), nil
}

func (s *huntService) DeleteHunt(ctx context.Context, req *pb.DeleteHuntRequest) (*emptypb.Empty, error) {
	if err := s.hunter.DeleteHunt(ctx, huntID(req.GetName()), req.GetAuthor()); err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "a hunt was deleted", slog.String("hunt", huntID(req.GetName())), slog.String("author", req.GetAuthor()))
	return &emptypb.Empty{}, nil
}
