package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/spelling"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

type detectionService struct {
	pb.UnimplementedDetectionServiceServer
	detections  Detections
	backtester  Backtester
	reevaluator Reevaluator
	status      StatusReader
	inputs      InputReader
	tenant      string
	logger      *slog.Logger
	// draining ends when the server stops.
	draining context.Context
}

func (s *detectionService) GetDetection(ctx context.Context, req *pb.GetDetectionRequest) (*pb.Detection, error) {
	id := strings.TrimPrefix(req.GetName(), translate.DetectionPrefix)
	list := s.detections.List()
	i, found := slices.BinarySearchFunc(list, id, byID)
	if !found {
		names := make([]string, len(list))
		for k := range list {
			names[k] = list[k].ID
		}
		return nil, fault.New(fault.NotFound, "there is no detection %q%s", id, spelling.Instead(id, names))
	}
	if list[i].Off != "" {
		return translate.Detection(&list[i], status.Detection{State: status.DetectionOff}, true), nil
	}
	state := s.states(ctx)(id)
	var err error
	if state.Inputs, err = s.inputs.Inputs(ctx, id); err != nil {
		// as with the rest of the status; the state stays unspecified, never ok
		s.logger.LogAttrs(ctx, slog.LevelWarn, "inputs of a detection cannot be read", slog.String("detection", id), slog.Any("error", err))
		return translate.Detection(&list[i], state, true), nil
	}
	state.State = state.Sum()
	return translate.Detection(&list[i], state, true), nil
}

func (s *detectionService) ListDetections(ctx context.Context, req *pb.ListDetectionsRequest) (*pb.ListDetectionsResponse, error) {
	query, err := token.NewQuery("detections", s.tenant, nil)
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	list := s.detections.List()
	if found {
		i, same := slices.BinarySearchFunc(list, after.ID, byID)
		if same {
			i++
		}
		list = list[i:]
	}
	size := pageSize(req.GetPageSize())
	resp := &pb.ListDetectionsResponse{}
	state := s.states(ctx)
	for i := range list[:min(len(list), size)] {
		now := state(list[i].ID)
		if list[i].Off != "" {
			now = status.Detection{State: status.DetectionOff}
		}
		resp.Detections = append(resp.Detections, translate.Detection(&list[i], now, false))
	}
	if len(list) > size {
		resp.NextPageToken, err = query.Encode(token.Page{ID: list[size-1].ID})
	}
	return resp, err
}

// states says how the detections are doing. What they are is known without the database, so a status that cannot be
// read does not fail the call; it is said in the answer.
func (s *detectionService) states(ctx context.Context) func(id string) status.Detection {
	system, err := s.status.Status(ctx)
	if err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "status of the detections cannot be read", slog.Any("error", err))
		return func(string) status.Detection {
			return status.Detection{LastError: "the status cannot be read at the moment; the counts here are not known"}
		}
	}
	return func(id string) status.Detection { return system.Analysis.Detections[id] }
}

func byID(d alert.Detection, id string) int { return strings.Compare(d.ID, id) }
