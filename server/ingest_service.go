package server

import (
	"context"

	"golang.org/x/sync/semaphore"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/server/translate"
	"github.com/sealwatch/sealwatch/server/validate"
)

type ingestService struct {
	pb.UnimplementedIngestServiceServer
	ingester  Ingester
	origin    event.Origin
	validator *validate.Validator
	// storing bounds the bytes of all batches on streams that are being stored.
	storing    *semaphore.Weighted
	maxStoring int64
	// draining ends when the server does.
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func (s *ingestService) BatchIngestEvents(ctx context.Context, req *pb.BatchIngestEventsRequest) (*pb.BatchIngestEventsResponse, error) {
	receipt, err := s.batch(req.GetRecords()).store(ctx, s.ingester, s.origin)
	if err != nil {
		return nil, err
	}
	return &pb.BatchIngestEventsResponse{Result: translate.Result(receipt)}, nil
}

// batch checks each record by itself, so that a bad one does not take the good ones with it.
func (s *ingestService) batch(records []*pb.IngestRecord) *batch {
	b := &batch{submissions: make([]event.Submission, 0, len(records)), index: make([]int, 0, len(records))}
	for i, r := range records {
		if rejection := s.validator.Record(r); rejection != nil {
			rejection.Index = i
			b.reject(*rejection)
			continue
		}
		submission, err := translate.Submission(r)
		if err != nil {
			b.reject(event.Rejection{Index: i, EventID: r.GetMonitor().GetEventId(), Field: "data", Problem: err.Error()})
			continue
		}
		b.add(i, submission)
	}
	return b
}
