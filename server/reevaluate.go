package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Reevaluate passes on what the analysis says as it says it. The evaluation ends with the call.
func (s *detectionService) Reevaluate(req *pb.ReevaluateRequest, stream grpc.ServerStreamingServer[pb.ReevaluateResponse]) error {
	if err := checkDetections(s.detections, "detections", req.GetDetections()); err != nil {
		return err
	}
	ctx, cancel := endWith(stream.Context(), s.draining)
	defer cancel()
	err := s.reevaluator.Reevaluate(ctx, alert.ReevaluationRequest{Detections: req.GetDetections(), From: translate.Time(req.GetStartTime()), To: translate.Time(req.GetEndTime()), Examples: int(req.GetExamples())},
		func(p alert.BacktestProgress) error {
			return stream.Send(&pb.ReevaluateResponse{Content: &pb.ReevaluateResponse_Progress{Progress: translate.BacktestProgress(&p)}})
		},
		func(r alert.ReevaluationResult) error {
			return stream.Send(&pb.ReevaluateResponse{Content: &pb.ReevaluateResponse_Result{Result: translate.ReevaluateResult(&r)}})
		})
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; nothing of the re-evaluation was stored, run it again")
		f.RetryAfter = time.Second
		return f
	}
	return err
}

// ApplyReevaluation puts shown results into force and notes in the log who wanted it.
func (s *detectionService) ApplyReevaluation(ctx context.Context, req *pb.ApplyReevaluationRequest) (*pb.ApplyReevaluationResponse, error) {
	o := alert.ReevaluationOrder{Tokens: map[string]string{}, From: translate.Time(req.GetStartTime()), To: translate.Time(req.GetEndTime()), Author: caller(ctx, req.GetAuthor())}
	for i, d := range req.GetDetections() {
		if o.Tokens[d.GetDetection()] != "" {
			return nil, fault.New(fault.InvalidArgument, "detections[%d]: %s is named twice", i, d.GetDetection())
		}
		o.Tokens[d.GetDetection()] = d.GetPreviewToken()
	}
	made, err := s.reevaluator.ApplyReevaluation(ctx, o)
	if err != nil {
		return nil, err
	}
	resp := &pb.ApplyReevaluationResponse{}
	for i := range made {
		v := &made[i]
		s.logger.LogAttrs(ctx, slog.LevelInfo, "the past is judged again", slog.String("detection", v.Detection), slog.Int("revision", int(v.Revision)),
			slog.Time("from", v.ValidFrom), slog.Time("to", v.ValidTo), slog.String("author", o.Author))
		resp.Versions = append(resp.Versions, &pb.AppliedVersion{Detection: v.Detection, Version: translate.DetectionVersion(v, false)})
	}
	return resp, nil
}
