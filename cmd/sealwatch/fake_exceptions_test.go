package main

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// fakeExceptions answers with what it was asked for; it knows one exception.
type fakeExceptions struct {
	sealwatchv1.UnimplementedExceptionServiceServer
}

func (fakeExceptions) CreateException(_ context.Context, r *sealwatchv1.CreateExceptionRequest) (*sealwatchv1.Exception, error) {
	if r.GetExpireTime().AsTime().After(time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)) {
		return nil, status.Error(codes.InvalidArgument, "expireTime: more than 90 days from now")
	}
	e := &sealwatchv1.Exception{Name: "exceptions/e1f2a3b4-0000-7000-8000-00000000000e", Detection: "failed_logins", Alert: r.GetAlert(), MaxSeverity: sealwatchv1.Severity_SEVERITY_HIGH, ExpireTime: r.GetExpireTime(),
		Classification: r.GetClassification(), Reason: r.GetReason(), Author: r.GetAuthor(), CreateTime: timestamppb.New(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))}
	if r.GetMaxSeverity() != 0 {
		e.MaxSeverity = r.GetMaxSeverity()
	}
	for _, name := range r.GetAttributes() {
		if name == "subject" {
			e.Subject = &sealwatchv1.Principal{Type: "user", Id: "u1"}
			continue
		}
		e.Attributes = append(e.Attributes, &sealwatchv1.ExceptionAttribute{Name: name, Values: []string{"192.0.2.1", "a\x1b[31m"}})
	}
	return e, nil
}

func (f fakeExceptions) ListExceptions(ctx context.Context, r *sealwatchv1.ListExceptionsRequest) (*sealwatchv1.ListExceptionsResponse, error) {
	if slices.Contains(r.GetDetections(), "ended") {
		e, err := f.CreateException(ctx, &sealwatchv1.CreateExceptionRequest{Alert: "alerts/1", Attributes: []string{"subject"}, ExpireTime: timestamppb.New(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))})
		return &sealwatchv1.ListExceptionsResponse{Exceptions: []*sealwatchv1.Exception{e}}, err
	}
	if len(r.GetDetections()) > 0 {
		return &sealwatchv1.ListExceptionsResponse{}, nil
	}
	e, err := f.CreateException(ctx, &sealwatchv1.CreateExceptionRequest{Alert: "alerts/1", Attributes: []string{"ipAddress", "subject"}, Reason: "our \x1b[31mVPN", Author: "ann",
		ExpireTime: timestamppb.New(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))})
	if r.GetShowRemoved() {
		e.Removed, e.Remover = true, "bob"
	}
	// two more with one beginning
	like := func(name string) *sealwatchv1.Exception { o := proto.CloneOf(e); o.Name = name; return o }
	if r.GetShowRemoved() {
		return &sealwatchv1.ListExceptionsResponse{Exceptions: []*sealwatchv1.Exception{e}}, err
	}
	return &sealwatchv1.ListExceptionsResponse{Exceptions: []*sealwatchv1.Exception{e, like("exceptions/0190c1f2-0000-7000-8000-000000000001"), like("exceptions/0190c1f2-0000-7000-8000-000000000002")}}, err
}

func (fakeExceptions) DeleteException(_ context.Context, r *sealwatchv1.DeleteExceptionRequest) (*emptypb.Empty, error) {
	if r.GetName() != "exceptions/e1f2a3b4-0000-7000-8000-00000000000e" || r.GetAuthor() != "ann" {
		return nil, status.Errorf(codes.NotFound, "there is no %s", r.GetName())
	}
	return &emptypb.Empty{}, nil
}
