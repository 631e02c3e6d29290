package server_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server"
)

// unreadable alerts are those of a database that does not answer.
type unreadable struct{ alerts }

func (unreadable) ListAlerts(context.Context, string, alert.Filter, alert.Order, uint64, alert.Cursor, int) ([]alert.Alert, int, error) {
	return nil, 0, fault.New(fault.StorageUnavailable, "the database does not answer")
}

// TestAlertsOfARemovedDetection: where only alerts are left of a detection, in whatever state, a reader that names it is served. One
// that was never there is refused, and when the database does not answer nobody is told that it is unknown.
func TestAlertsOfARemovedDetection(t *testing.T) {
	for _, state := range []string{alert.StateNew, alert.StateInProgress, alert.StateResolved, alert.StateSuppressed, alert.StateRetracted, ""} {
		t.Run("state "+state, func(t *testing.T) {
			stored, want := storedAlerts(), codes.InvalidArgument
			if state != "" {
				left := storedAlert(9, alert.SeverityLow, state)
				left.Detection = "left"
				stored, want = append(stored, left), codes.OK
			}
			askForLeft(t, stored, want)
		})
	}
	t.Run("no database", func(t *testing.T) { askForLeft(t, unreadable{}, codes.Unavailable) })
}

func askForLeft(t *testing.T, stored server.AlertReader, want codes.Code) {
	t.Helper()
	h := start(t, func(_ *harness, o *server.Options) { o.Services.Alerts = stored })
	client, filter := pb.NewAlertServiceClient(h.conn), &pb.AlertFilter{Detections: []string{"left"}}
	if _, err := client.ListAlerts(t.Context(), &pb.ListAlertsRequest{Filter: filter}); status.Code(err) != want {
		t.Errorf("list: %v, expected %s", err, want)
	}
	stream, err := client.StreamAlerts(t.Context(), &pb.StreamAlertsRequest{Filter: filter})
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != want {
		t.Errorf("stream: %v, expected %s", err, want)
	}
}
