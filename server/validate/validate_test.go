package validate_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/validate"
)

func validator(t testing.TB) *validate.Validator {
	t.Helper()
	v, err := validate.New()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func typed(id string) *pb.IngestRecord {
	return &pb.IngestRecord{Record: &pb.IngestRecord_Monitor{Monitor: &pb.MonitorRecord{
		Timestamp: timestamppb.Now(), EventId: id, Object: "Envelope", Action: "Viewed", UserId: "u",
	}}}
}

func TestMessage(t *testing.T) {
	v := validator(t)
	tests := []struct {
		name    string
		message proto.Message
		want    string
	}{
		{"good", &pb.ListEventsRequest{PageSize: 3}, ""},
		{"negative page", &pb.ListEventsRequest{PageSize: -1}, "pageSize"},
		{"deep", &pb.ListEventsRequest{Filter: &pb.EventFilter{IpAddresses: []string{"::1", "x"}}}, "filter.ipAddresses[1]"},
		{"no records", &pb.IngestEventsRequest{BatchId: "b-7"}, `batch "b-7": records`},
		{"bad record spoils no batch", &pb.IngestEventsRequest{Records: []*pb.IngestRecord{{}, typed("")}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := v.Message(tt.message)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err != nil && problem.Status(err, "").Code() != codes.InvalidArgument {
				t.Errorf("got %v", problem.Status(err, ""))
			}
		})
	}
}

func TestRecord(t *testing.T) {
	v := validator(t)
	wild := typed("e1")
	wild.GetMonitor().Latitude = 91
	tests := []struct {
		name                string
		record              *pb.IngestRecord
		field, id, contains string
	}{
		{"empty", &pb.IngestRecord{}, "", "", "expected monitor or monitorJson"},
		{"no id", typed(""), "eventId", "", "1"},
		{"long id", typed(strings.Repeat("x", 200)), "eventId", "", "128"},
		{"latitude", wild, "latitude", "e1", "90"},
		{"short json", &pb.IngestRecord{Record: &pb.IngestRecord_MonitorJson{MonitorJson: []byte("1")}}, "", "", "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := v.Record(tt.record)
			if got == nil || got.Field != tt.field || got.EventID != tt.id || !strings.Contains(got.Problem, tt.contains) {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := v.Record(typed("e1")); got != nil {
		t.Errorf("a good record was rejected: %+v", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	v, r := validator(b), typed("00000000-0000-0000-0000-000000000001")
	for b.Loop() {
		if v.Record(r) != nil {
			b.Fatal("rejected")
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	v, m := validator(b), &pb.BatchIngestEventsRequest{}
	for range 1000 {
		m.Records = append(m.Records, typed("00000000-0000-0000-0000-000000000001"))
	}
	for b.Loop() {
		if err := v.Message(m); err != nil {
			b.Fatal(err)
		}
	}
}
