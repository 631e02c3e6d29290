package server_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
)

// TestTheStreamHonoursEveryFilter: each field of the filter, set to what the alert has not, either keeps the alert out of the
// stream or is refused. A field that the stream passed over would show alerts that nobody asked for.
func TestTheStreamHonoursEveryFilter(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) {
		a := storedAlert(1, alert.SeverityMedium, alert.StateNew)
		a.Triage.Assignee = "ann"
		h.changes = newChanges(change(alert.ChangeCreated, "", a))
		o.Services.Changes = h.changes
	})
	client := pb.NewAlertServiceClient(h.conn)
	sent := func(f *pb.AlertFilter) (int, error) {
		stream, err := client.StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0", Until: tokenOf(1), Filter: f})
		if err != nil {
			return 0, err
		}
		for n := 0; ; {
			m, err := stream.Recv()
			switch {
			case status.Code(err) == codes.Unknown: // the end
				return n, nil
			case err != nil:
				return n, err
			case m.GetAlert() != nil:
				n++
			}
		}
	}
	if n, err := sent(&pb.AlertFilter{}); n != 1 || err != nil {
		t.Fatalf("without a filter the stream has %d alerts, %v, want 1", n, err)
	}
	fields := (&pb.AlertFilter{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		for _, f := range excluding(t, field) {
			n, err := sent(f)
			if n > 0 || err != nil && status.Code(err) != codes.InvalidArgument {
				t.Errorf("with the filter %v the stream has %d alerts, %v; want none, or that it is refused", f, n, err)
			}
		}
	}
}

// excluding are filters that set the field to what the alert has not.
func excluding(t *testing.T, field protoreflect.FieldDescriptor) (list []*pb.AlertFilter) {
	t.Helper()
	set := func(v protoreflect.Value) *pb.AlertFilter {
		f := &pb.AlertFilter{}
		m := f.ProtoReflect()
		if field.IsList() {
			l := m.NewField(field)
			l.List().Append(v)
			v = l
		}
		m.Set(field, v)
		return f
	}
	at := func(d time.Duration) protoreflect.Value {
		return protoreflect.ValueOfMessage(timestamppb.New(epoch.Add(d)).ProtoReflect())
	}
	const year = 365 * 24 * time.Hour
	switch name := string(field.Name()); {
	case name == "detections": // one that there is, which raised nothing
		return []*pb.AlertFilter{set(protoreflect.ValueOfString("own_key"))}
	case name == "min_severity":
		return []*pb.AlertFilter{set(protoreflect.ValueOfEnum(pb.Severity_SEVERITY_HIGH.Number()))}
	case name == "start_time":
		return []*pb.AlertFilter{set(at(year))}
	case name == "end_time":
		return []*pb.AlertFilter{set(at(-year))}
	case name == "states":
		return []*pb.AlertFilter{set(protoreflect.ValueOfEnum(pb.AlertState_ALERT_STATE_RESOLVED.Number())), set(protoreflect.ValueOfEnum(pb.AlertState_ALERT_STATE_SUPPRESSED.Number()))}
	case name == "unassigned" || name == "has_comments":
		return []*pb.AlertFilter{set(protoreflect.ValueOfBool(true))}
	case name == "min_score":
		return []*pb.AlertFilter{set(protoreflect.ValueOfFloat64(1e9))}
	case name == "max_score":
		return []*pb.AlertFilter{set(protoreflect.ValueOfFloat64(-1e9))}
	case name == "min_event_count":
		return []*pb.AlertFilter{set(protoreflect.ValueOfInt32(100))}
	case name == "max_event_count":
		return []*pb.AlertFilter{set(protoreflect.ValueOfInt32(1))}
	case field.Message() != nil && field.Message().Name() == "TimeSpan":
		return []*pb.AlertFilter{set(protoreflect.ValueOfMessage((&pb.TimeSpan{StartTime: timestamppb.New(epoch.Add(year))}).ProtoReflect())), set(protoreflect.ValueOfMessage((&pb.TimeSpan{EndTime: timestamppb.New(epoch.Add(-year))}).ProtoReflect()))}
	case field.Kind() == protoreflect.StringKind:
		return []*pb.AlertFilter{set(protoreflect.ValueOfString("no_alert_has_this"))}
	case field.Kind() == protoreflect.EnumKind:
		values := field.Enum().Values()
		return []*pb.AlertFilter{set(protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number()))}
	}
	t.Fatalf("AlertFilter has the new field %s: write down a value that the alert of this test has not", field.Name())
	return nil
}
