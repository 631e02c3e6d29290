package client

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errSilent says that a stream was taken for dead.
var errSilent = errors.New("the service says nothing, not even a heartbeat")

// final says that opening the stream once more makes no sense.
func final(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.Unimplemented, codes.PermissionDenied, codes.Unauthenticated, codes.FailedPrecondition, codes.OutOfRange, codes.NotFound:
		return true
	}
	return false
}

// delay is when the service asks to be tried again.
func delay(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			return r.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// Reason is the machine-readable cause of an error of the service, one of ErrorReason without its prefix; empty for any
// other error.
func Reason(err error) string {
	if i := info(err); i != nil {
		return i.GetReason()
	}
	return ""
}

// Earliest is the token with which an iteration can begin that ended because its token was older than what the service
// retains. The changes between the two are lost to this reader. ok is false for any other error.
func Earliest(err error) (token string, ok bool) {
	if i := info(err); i != nil && i.GetReason() == "RESUME_TOKEN_EXPIRED" {
		token, ok = i.GetMetadata()["earliest"]
	}
	return token, ok
}

func info(err error) *errdetails.ErrorInfo {
	var remote interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &remote) {
		return nil
	}
	for _, d := range remote.GRPCStatus().Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok {
			return i
		}
	}
	return nil
}
