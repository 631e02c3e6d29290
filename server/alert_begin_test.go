package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/problem"
)

// minutes is a log of n changes, one a minute.
func minutes(n int) *changes {
	c := newChanges()
	for i := range n {
		v := change(alert.ChangeCreated, "", storedAlert(i, alert.SeverityHigh, alert.StateNew))
		v.Updated = epoch.Add(time.Duration(i) * time.Minute)
		if i%3 == 1 { // a person did something, and said so with all that JSON escapes
			v.Kind, v.Actor, v.PreviousState, v.PreviousSeverity = alert.ChangeUpdated, "a\"n<n>\u2028", alert.StateInProgress, alert.SeverityLow
			v.Previous = &alert.Previous{Assignee: "b\\o"}
		}
		c.append(v)
	}
	return c
}

// TestWhereAStreamBegins: each way to say it, also where the beginning of the log is gone.
func TestWhereAStreamBegins(t *testing.T) {
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(epoch.Add(d)) }
	for name, c := range map[string]struct {
		request *pb.StreamAlertsRequest
		expired uint64
		// first is the sequence of the first change, after which everything follows; 0 when nothing is sent.
		first  int64
		reason string
		says   string
	}{
		"the first":                            {request: &pb.StreamAlertsRequest{After: "0"}, first: 1},
		"the first that is retained":           {request: &pb.StreamAlertsRequest{After: "0"}, expired: 600, first: 601},
		"a token":                              {request: &pb.StreamAlertsRequest{After: tokenOf(700)}, first: 701},
		"the last token":                       {request: &pb.StreamAlertsRequest{After: tokenOf(1000)}},
		"the oldest token that is retained":    {request: &pb.StreamAlertsRequest{After: tokenOf(600)}, expired: 600, first: 601},
		"a token that is older":                {request: &pb.StreamAlertsRequest{After: tokenOf(599)}, expired: 600, reason: "RESUME_TOKEN_EXPIRED", says: tokenOf(600)},
		"a time":                               {request: &pb.StreamAlertsRequest{Since: at(10 * time.Minute)}, first: 11},
		"a time between two":                   {request: &pb.StreamAlertsRequest{Since: at(10*time.Minute + 1)}, first: 12},
		"a time before all":                    {request: &pb.StreamAlertsRequest{Since: at(-1e6 * time.Hour)}, first: 1},
		"a time before what is retained":       {request: &pb.StreamAlertsRequest{Since: at(0)}, expired: 600, first: 601},
		"a time after all":                     {request: &pb.StreamAlertsRequest{Since: at(1e6 * time.Hour)}},
		"a time that is none":                  {request: &pb.StreamAlertsRequest{Since: &timestamppb.Timestamp{Nanos: -1}}, reason: "INVALID_ARGUMENT", says: "0001-01-01"},
		"a time and a token":                   {request: &pb.StreamAlertsRequest{Since: at(0), After: "0"}, reason: "INVALID_ARGUMENT", says: "not both"},
		"an end before the beginning":          {request: &pb.StreamAlertsRequest{After: tokenOf(2), Until: tokenOf(1)}, reason: "INVALID_ARGUMENT", says: "until"},
		"an end that is none":                  {request: &pb.StreamAlertsRequest{After: "0", Until: "x"}, reason: "INVALID_RESUME_TOKEN", says: "until"},
		"an end beyond the end of the changes": {request: &pb.StreamAlertsRequest{After: "0", Until: tokenOf(1001)}, reason: "INVALID_RESUME_TOKEN", says: "until"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, func(h *harness, o *server.Options) {
				h.changes = minutes(1000)
				h.changes.expired = c.expired
				o.Services.Changes = h.changes
			})
			if c.request.Until == "" {
				c.request.Until = tokenOf(1000)
			}
			stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), c.request)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for {
				m, e := stream.Recv()
				if e != nil {
					err = e
					break
				}
				if m.GetAlert() != nil {
					got = append(got, m.GetAlert().GetSequence())
				}
			}
			s := status.Convert(err)
			if c.reason != "" {
				if problem.Reason(s) != c.reason || !strings.Contains(s.Message(), c.says) {
					t.Errorf("got %v, want %s with %q", s.Proto(), c.reason, c.says)
				}
				if c.reason == "RESUME_TOKEN_EXPIRED" && (s.Code() != codes.OutOfRange || earliest(s) != c.says) {
					t.Errorf("got %v: it does not say from where a stream can begin", s.Proto())
				}
				return
			}
			if s.Code() != codes.Unknown { // io.EOF
				t.Fatalf("the stream ended with %v", err)
			}
			if c.first == 0 && len(got) > 0 || c.first > 0 && (int64(len(got)) != 1001-c.first || got[0] != c.first || got[len(got)-1] != 1000) {
				t.Errorf("got %d changes, want those from %d to 1000", len(got), c.first)
			}
		})
	}
}

// earliest is the token from which an expired stream can begin, as a program reads it.
func earliest(s *status.Status) string {
	for _, d := range s.Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok {
			return i.GetMetadata()["earliest"]
		}
	}
	return ""
}
