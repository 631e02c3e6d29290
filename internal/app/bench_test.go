package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// BenchmarkAcknowledgedToAlert is the time from the acknowledgement of the last event of an attack to its alert at a
// stream, and from the request on.
func BenchmarkAcknowledgedToAlert(b *testing.B) {
	s := run(b, settings(b))
	stream, err := sealwatchv1.NewAlertServiceClient(s.conn).StreamAlerts(b.Context(), &sealwatchv1.StreamAlertsRequest{After: "0"})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Now().Add(-2 * time.Hour)
	var waited, whole time.Duration
	n := 0
	for b.Loop() {
		n++
		start := time.Now()
		r, err := http.Post("http://"+s.at.HTTP+"/v1/monitor:import", "application/json", strings.NewReader(travel(n, at)))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		acknowledged := time.Now()
		for subject := fmt.Sprintf("user-%d", n); ; {
			m, err := stream.Recv()
			if err != nil && status.Code(err) != codes.OK {
				b.Fatal(err)
			}
			if m.GetAlert().GetSubject().GetId() == subject {
				break
			}
		}
		waited += time.Since(acknowledged)
		whole += time.Since(start)
	}
	b.ReportMetric(float64(waited.Milliseconds())/float64(n), "ms-after-ack")
	b.ReportMetric(float64(whole.Milliseconds())/float64(n), "ms-after-request")
}
