package server

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Backtest passes on what the backtest says as it says it. The evaluation ends with the call.
func (s *detectionService) Backtest(req *pb.BacktestRequest, stream grpc.ServerStreamingServer[pb.BacktestResponse]) error {
	if err := checkDetections(s.detections, "detections", req.GetDetections()); err != nil {
		return err
	}
	ctx, cancel := endWith(stream.Context(), s.draining)
	defer cancel()
	err := s.backtester.Backtest(ctx, translate.BacktestRequest(req),
		func(p alert.BacktestProgress) error {
			return stream.Send(&pb.BacktestResponse{Content: &pb.BacktestResponse_Progress{Progress: translate.BacktestProgress(&p)}})
		},
		func(r alert.BacktestResult) error {
			return stream.Send(&pb.BacktestResponse{Content: &pb.BacktestResponse_Result{Result: translate.BacktestResult(&r)}})
		})
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; nothing of the backtest was stored, run it again")
		f.RetryAfter = time.Second
		return f
	}
	return err
}
