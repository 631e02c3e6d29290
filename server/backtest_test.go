package server_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/problem"
)

// hanging is a backtest that ends with its context alone.
func hanging() *pb.BacktestRequest {
	return &pb.BacktestRequest{Settings: []*pb.BacktestSetting{{Parameter: "p", Value: "hang"}}}
}

func TestBacktestEndsWithItsCall(t *testing.T) {
	h := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := pb.NewDetectionServiceClient(h.conn).Backtest(ctx, hanging())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("error %v, expected Canceled", err)
	}
	// The harness finds a handler that goes on: it cannot stop then.
}

func TestBacktestEndsWithTheServer(t *testing.T) {
	h := start(t, nil)
	stream, err := pb.NewDetectionServiceClient(h.conn).Backtest(t.Context(), hanging())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := stopWithin(t, h, time.Minute); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	if got := problem.Reason(status.Convert(err)); got != "SHUTTING_DOWN" {
		t.Errorf("reason %q of %v, expected SHUTTING_DOWN", got, err)
	}
}

func TestReevaluationEndsWithTheServer(t *testing.T) {
	h := start(t, nil)
	stream, err := pb.NewDetectionServiceClient(h.conn).Reevaluate(t.Context(), &pb.ReevaluateRequest{Detections: []string{"own_key"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := stopWithin(t, h, time.Minute); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	if got := problem.Reason(status.Convert(err)); got != "SHUTTING_DOWN" {
		t.Errorf("reason %q of %v, expected SHUTTING_DOWN", got, err)
	}
}
