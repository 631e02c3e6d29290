// Package problem turns errors into the status that a client sees. It is the only place that does.
package problem

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// Domain of every ErrorInfo.
const Domain = "sealwatch.io"

// Reasons that fault does not have, because nobody raises them on purpose.
const (
	internalReason   fault.Reason = "INTERNAL"
	forbidden        fault.Reason = "FORBIDDEN"
	deadlineExceeded fault.Reason = "DEADLINE_EXCEEDED"
	cancelled        fault.Reason = "CANCELLED"
	unimplemented    fault.Reason = "UNIMPLEMENTED"
)

var codeOf = map[fault.Reason]codes.Code{
	fault.NotFound:           codes.NotFound,
	fault.InvalidArgument:    codes.InvalidArgument,
	fault.InvalidPageToken:   codes.InvalidArgument,
	fault.InvalidResumeToken: codes.InvalidArgument,
	fault.QueueFull:          codes.ResourceExhausted,
	fault.StorageUnavailable: codes.Unavailable,
	fault.ShuttingDown:       codes.Unavailable,
	fault.BodyTooLarge:       codes.ResourceExhausted,
	fault.AlreadyExists:      codes.AlreadyExists,
	fault.ReadOnly:           codes.FailedPrecondition,
	fault.ResumeTokenExpired: codes.OutOfRange,
	fault.TooManySubscribers: codes.ResourceExhausted,
	fault.ReaderStalled:      codes.Aborted,
	fault.LimitExceeded:      codes.ResourceExhausted,
	fault.TooManyHunts:       codes.ResourceExhausted,
	fault.SQLRefused:         codes.PermissionDenied,
	fault.SQLFailed:          codes.InvalidArgument,
	fault.HuntingOff:         codes.FailedPrecondition,
	fault.Conflict:           codes.Aborted,
	fault.CountMismatch:      codes.FailedPrecondition,
}

// Violation says what is wrong with one field of a request.
type Violation struct {
	// Field is the path in the API's JSON names, for example filter.ipAddresses[0].
	Field string
	// Description says what was expected.
	Description string
}

// Detailed is an error for the client that carries more than a reason.
type Detailed struct {
	Fault      *fault.Error
	Violations []Violation
	// Metadata for the ErrorInfo.
	Metadata map[string]string
}

// Error is for the log, like that of the fault.
func (d *Detailed) Error() string { return d.Fault.Error() }

// Unwrap makes errors.As find the fault itself.
func (d *Detailed) Unwrap() error { return d.Fault }

// Invalid is an invalid argument with the fields at fault.
func Invalid(message string, violations ...Violation) error {
	return &Detailed{Fault: fault.New(fault.InvalidArgument, "%s", message), Violations: violations}
}

// WithMetadata adds facts for a program to a fault.
func WithMetadata(err *fault.Error, metadata map[string]string) error {
	return &Detailed{Fault: err, Metadata: metadata}
}

// Status maps an error to what the client may know of it: a fault with its message, the end of a context, a status
// that gRPC or this package made; anything else is Internal with no more than that. requestID, when not empty, is
// added, so that the client can name it.
func Status(err error, requestID string) *status.Status {
	if err == nil {
		return status.New(codes.OK, "")
	}
	var (
		f *fault.Error
		d *Detailed
	)
	if errors.As(err, &f) {
		errors.As(err, &d)
		return withDetails(fromFault(f, d), requestID)
	}
	// A cancelled call often comes wrapped in the words of whoever noticed it; the client needs the code only.
	switch {
	case errors.Is(err, context.Canceled):
		return withDetails(complete(status.New(codes.Canceled, "the call was cancelled")), requestID)
	case errors.Is(err, context.DeadlineExceeded):
		return withDetails(complete(status.New(codes.DeadlineExceeded, "the deadline of the call passed")), requestID)
	}
	// Only a status that is the error itself: one that is wrapped is somebody else's answer to us.
	if s, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
		return withDetails(complete(s.GRPCStatus()), requestID)
	}
	return withDetails(complete(status.New(codes.Internal,
		"internal error: a defect of Sealwatch; the request id leads to it in the log")), requestID)
}

// Internal says whether the client is told no more than that there is a defect.
func Internal(s *status.Status) bool { return s.Code() == codes.Internal || s.Code() == codes.Unknown }

// HTTPCode is the HTTP status of a status.
func HTTPCode(s *status.Status) int {
	if Reason(s) == string(fault.BodyTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return runtime.HTTPStatusFromCode(s.Code())
}

// Reason is the reason of the ErrorInfo, empty when there is none.
func Reason(s *status.Status) string {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// RetryAfter is the delay that a status asks for, 0 when it asks for none.
func RetryAfter(s *status.Status) time.Duration {
	for _, d := range s.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

func fromFault(f *fault.Error, d *Detailed) *status.Status {
	code, ok := codeOf[f.Reason]
	if !ok {
		return complete(status.New(codes.Internal, "internal error: an error without a known reason"))
	}
	info := &errdetails.ErrorInfo{Reason: string(f.Reason), Domain: Domain}
	details := []protoadapt.MessageV1{info}
	if f.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	if d != nil {
		info.Metadata = d.Metadata
		if len(d.Violations) > 0 {
			bad := &errdetails.BadRequest{}
			for _, v := range d.Violations {
				bad.FieldViolations = append(bad.FieldViolations,
					&errdetails.BadRequest_FieldViolation{Field: v.Field, Description: v.Description})
			}
			details = append(details, bad)
		}
	}
	return attach(status.New(code, f.Message), details...)
}

// complete gives a status that gRPC or the gateway made the reason that the contract has for it.
func complete(s *status.Status) *status.Status {
	if Reason(s) != "" {
		return s
	}
	var reason fault.Reason
	switch s.Code() {
	case codes.Unknown, codes.Internal:
		reason = internalReason
	case codes.InvalidArgument:
		reason = fault.InvalidArgument
	case codes.NotFound:
		reason = fault.NotFound
	case codes.PermissionDenied:
		reason = forbidden
	case codes.DeadlineExceeded:
		reason = deadlineExceeded
	case codes.Canceled:
		reason = cancelled
	case codes.Unimplemented:
		reason = unimplemented
	default:
		return s
	}
	return attach(s, &errdetails.ErrorInfo{Reason: string(reason), Domain: Domain})
}

func withDetails(s *status.Status, requestID string) *status.Status {
	named := slices.ContainsFunc(s.Details(), func(d any) bool { _, ok := d.(*errdetails.RequestInfo); return ok })
	if requestID == "" || named {
		return s
	}
	return attach(s, &errdetails.RequestInfo{RequestId: requestID})
}

// attach adds details; a status that cannot carry them stays as it is, because the code matters more.
func attach(s *status.Status, details ...protoadapt.MessageV1) *status.Status {
	if more, err := s.WithDetails(details...); err == nil {
		return more
	}
	return s
}
