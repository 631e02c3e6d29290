package server_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/translate"
)

// BenchmarkFanOut sends each change to a thousand readers over loopback, as the server does and as one does that encodes
// for each of them. An operation is one change; the processor's time is that of both ends, which decode nothing.
func BenchmarkFanOut(b *testing.B) {
	const readers = 1000
	shared := newChanges()
	h := start(b, func(h *harness, o *server.Options) {
		h.changes = shared
		o.Services.Changes, o.Heartbeat = shared, time.Hour
	})
	each := newChanges()
	perReader := fanOut(b, serveEach(b, each), each, readers)
	once := fanOut(b, h.Addresses().GRPC, shared, readers)
	b.ReportMetric(once, "shared-msgs/cpu-s")
	b.ReportMetric(perReader, "each-msgs/cpu-s")
	b.ReportMetric(once/perReader, "ratio")
}

// fanOut is how many messages a second of the processor brings to the readers of a server.
func fanOut(b *testing.B, address string, log *changes, readers int) float64 {
	const burst = 64
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var received atomic.Int64
	var opened, reading sync.WaitGroup
	opened.Add(readers)
	var conn *grpc.ClientConn
	for i := range readers {
		if i%loadPerConnection == 0 {
			var err error
			if conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultCallOptions(grpc.ForceCodecV2(unread{encoding.GetCodecV2(proto.Name)}))); err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
		}
		client := pb.NewAlertServiceClient(conn)
		reading.Go(func() {
			stream, err := client.StreamAlerts(ctx, &pb.StreamAlertsRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			opened.Done()
			for err == nil {
				if _, err = stream.Recv(); err == nil {
					received.Add(1)
				}
			}
		})
	}
	opened.Wait()
	a, before := loadAlert(), cpu()
	for sent := 0; sent < b.N; {
		for range min(burst, b.N-sent) {
			log.append(change(alert.ChangeUpdated, alert.StateNew, a))
			sent++
		}
		for received.Load() < int64(sent*readers) {
			time.Sleep(time.Millisecond)
		}
	}
	used := cpu() - before
	cancel()
	reading.Wait()
	return float64(b.N*readers) / used.Seconds()
}

// unread is a codec that does not look at what it is sent.
type unread struct{ encoding.CodecV2 }

func (unread) Unmarshal(mem.BufferSlice, any) error { return nil }

// cpu is the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// encodesEach is a server of alert streams that encodes every message for every reader.
type encodesEach struct {
	pb.UnimplementedAlertServiceServer
	log *changes
}

func (s encodesEach) StreamAlerts(_ *pb.StreamAlertsRequest, stream grpc.ServerStreamingServer[pb.StreamAlertsResponse]) error {
	position := s.log.Head()
	if err := stream.Send(&pb.StreamAlertsResponse{}); err != nil {
		return err
	}
	for {
		if err := s.log.Wait(stream.Context(), position); err != nil {
			return err
		}
		page, err := s.log.Read(stream.Context(), position, 16)
		if err != nil {
			return err
		}
		for i := range page {
			c := &page[i]
			if err := stream.Send(&pb.StreamAlertsResponse{Change: translate.Change(c.Kind), Alert: translate.Alert(&c.Alert, alert.Guide{}), ResumeToken: tokenOf(c.Sequence)}); err != nil {
				return err
			}
			position = c.Sequence
		}
	}
}

func serveEach(b *testing.B, log *changes) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := grpc.NewServer()
	pb.RegisterAlertServiceServer(s, encodesEach{log: log})
	go func() { _ = s.Serve(l) }()
	b.Cleanup(s.Stop)
	return l.Addr().String()
}

// loadAlert is about 2 KiB, as one with its evidence is.
func loadAlert() alert.Alert {
	a := storedAlert(1, alert.SeverityHigh, alert.StateNew)
	a.Evidence = `{"speed": 1200.5, "from": "Berlin", "to": "Singapore"}`
	a.EventIDs = nil
	for i := range 40 {
		a.EventIDs = append(a.EventIDs, fmt.Sprintf("00000000-0000-0000-0000-%012d", i))
	}
	return a
}
