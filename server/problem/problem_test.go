package problem_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/problem"
)

func TestStatus(t *testing.T) {
	secret := errors.New("clickhouse://user:hunter2@db")
	unavailable := fault.Unavailable(secret)
	tests := []struct {
		name   string
		err    error
		code   codes.Code
		http   int
		reason string
		retry  time.Duration
	}{
		{"nil", nil, codes.OK, 200, "", 0},
		{"not found", fault.New(fault.NotFound, "no event x"), codes.NotFound, 404, "NOT_FOUND", 0},
		{"page token", fault.New(fault.InvalidPageToken, "damaged"), codes.InvalidArgument, 400, "INVALID_PAGE_TOKEN", 0},
		{"resume token", fault.New(fault.InvalidResumeToken, "damaged"), codes.InvalidArgument, 400, "INVALID_RESUME_TOKEN", 0},
		{"queue full", &fault.Error{Reason: fault.QueueFull, Message: "full", RetryAfter: 2 * time.Second},
			codes.ResourceExhausted, 429, "QUEUE_FULL", 2 * time.Second},
		{"database", unavailable, codes.Unavailable, 503, "STORAGE_UNAVAILABLE", time.Second},
		{"wrapped", fmt.Errorf("list events: %w", unavailable), codes.Unavailable, 503, "STORAGE_UNAVAILABLE", time.Second},
		{"shutdown", fault.New(fault.ShuttingDown, "ends"), codes.Unavailable, 503, "SHUTTING_DOWN", 0},
		{"too large", fault.New(fault.BodyTooLarge, "too large"), codes.ResourceExhausted, http.StatusRequestEntityTooLarge,
			"BODY_TOO_LARGE", 0},
		{"invalid", problem.Invalid("bad", problem.Violation{Field: "name", Description: "x"}), codes.InvalidArgument, 400,
			"INVALID_ARGUMENT", 0},
		{"unknown reason", fault.New("WHATEVER", "hunter2"), codes.Internal, 500, "INTERNAL", 0},
		{"cancelled", fmt.Errorf("query hunter2: %w", context.Canceled), codes.Canceled, 499, "CANCELLED", 0},
		{"deadline", fmt.Errorf("query hunter2: %w", context.DeadlineExceeded), codes.DeadlineExceeded, 504, "DEADLINE_EXCEEDED", 0},
		{"defect", secret, codes.Internal, 500, "INTERNAL", 0},
		{"status", status.Error(codes.Unimplemented, "no"), codes.Unimplemented, 501, "UNIMPLEMENTED", 0},
		{"refused", status.Error(codes.PermissionDenied, "no"), codes.PermissionDenied, 403, "FORBIDDEN", 0},
		{"status wrapped", fmt.Errorf("x: %w", status.Error(codes.NotFound, "hunter2")), codes.Internal, 500, "INTERNAL", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := problem.Status(tt.err, "id-1")
			if s.Code() != tt.code || problem.HTTPCode(s) != tt.http || problem.Reason(s) != tt.reason || problem.RetryAfter(s) != tt.retry {
				t.Errorf("got %v %d %q %v, want %v %d %q %v", s.Code(), problem.HTTPCode(s), problem.Reason(s), problem.RetryAfter(s),
					tt.code, tt.http, tt.reason, tt.retry)
			}
			if strings.Contains(fmt.Sprint(s.Proto()), "hunter2") {
				t.Errorf("the cause reached the client: %v", s.Proto())
			}
		})
	}
}

// TestReasonsAreThoseOfTheContract: a reason that the contract does not have is one that no client can know.
func TestReasonsAreThoseOfTheContract(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		reason := problem.Reason(problem.Status(status.Error(code, "x"), ""))
		if _, ok := pb.ErrorReason_value["ERROR_REASON_"+reason]; reason != "" && !ok {
			t.Errorf("%v has the reason %s, which sealwatch.v1.ErrorReason has not", code, reason)
		}
	}
}

func TestStatusTwiceKeepsOneRequestInfo(t *testing.T) {
	s := problem.Status(problem.Status(fault.New(fault.NotFound, "x"), "a").Err(), "b")
	var ids []string
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RequestInfo); ok {
			ids = append(ids, info.GetRequestId())
		}
	}
	if len(ids) != 1 || ids[0] != "a" {
		t.Errorf("request ids %q, want the first one only", ids)
	}
}
