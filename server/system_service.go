package server

import (
	"context"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/translate"
)

type systemService struct {
	pb.UnimplementedSystemServiceServer
	status StatusReader
}

func (s *systemService) GetStatus(ctx context.Context, _ *pb.GetStatusRequest) (*pb.SystemStatus, error) {
	system, err := s.status.Status(ctx)
	if err != nil {
		return nil, err
	}
	return translate.Status(&system), nil
}
