package server_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/server"
)

// sink takes everything and keeps nothing: what remains is the cost of the door.
type sink struct{}

func (sink) Ingest(_ context.Context, _ event.Origin, s []event.Submission) (event.Receipt, error) {
	return event.Receipt{Accepted: len(s)}, nil
}

// BenchmarkIngestStream sends batches of a thousand typed records, a window of eight under way.
func BenchmarkIngestStream(b *testing.B) {
	const records = 1000
	h := start(b, func(_ *harness, o *server.Options) { o.Services.Ingester = sink{} })
	m := &pb.IngestEventsRequest{}
	for i := range records {
		m.Records = append(m.Records, &pb.IngestRecord{Record: &pb.IngestRecord_Monitor{Monitor: &pb.MonitorRecord{
			Timestamp: timestamppb.Now(), EventId: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Object: "Envelope", Action: "Viewed",
			UserId: "11111111-1111-1111-1111-111111111111", AccountId: "22222222-2222-2222-2222-222222222222", Source: "Web",
			UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", IpAddress: "203.0.113.7",
			City: "berlin", Country: "germany", Latitude: 52.5, Longitude: 13.4,
		}}})
	}
	stream, err := pb.NewIngestServiceClient(h.conn).IngestEvents(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	open := make(chan struct{}, 8)
	done := make(chan error, 1)
	go func() {
		for range b.N {
			if _, err := stream.Recv(); err != nil {
				done <- err
				return
			}
			<-open
		}
		done <- nil
	}()
	b.ResetTimer()
	for range b.N {
		open <- struct{}{}
		if err := stream.Send(m); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAlertStream reads changes of one log by one reader.
func BenchmarkAlertStream(b *testing.B) {
	h := start(b, nil)
	a := storedAlert(1, alert.SeverityHigh, alert.StateNew)
	for range b.N {
		h.changes.append(change(alert.ChangeUpdated, alert.StateNew, a))
	}
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(b.Context(), &pb.StreamAlertsRequest{After: tokenOf(4)})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		m, err := stream.Recv()
		if err != nil {
			b.Fatal(err)
		}
		if m.GetAlert() != nil {
			n++
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
